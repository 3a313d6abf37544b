"""An outlier detector of alibi-detect in front of a model, served by MLServer.

Comes in: a V2 request with rows of four centimetres. Goes out: the same tensors as outputs, and the parameter `outlier-predictions`, JSON of a
list with 1 for a row that is an outlier, else 0. MLServer's own runtime for alibi-detect answers with what was found alone, and cannot pass
the rows on; and alibi-detect saves this detector only where TensorFlow is, so it is fitted when it is loaded, which takes half a second.
"""

import json

import numpy as np
from alibi_detect.od import IForest
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, Parameters, ResponseOutput
from mlserver.utils import get_model_uri

# Of the known flowers one in a hundred is called an outlier.
KNOWN_PERCENT = 99


class OutlierDetector(MLModel):
    async def load(self) -> bool:
        known = np.loadtxt(await get_model_uri(self._settings), delimiter=",")[:, :4]
        np.random.seed(7)
        self.forest = IForest(n_estimators=100)
        self.forest.fit(known)
        self.forest.infer_threshold(known, threshold_perc=KNOWN_PERCENT)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        found = self.forest.predict(rows)["data"]["is_outlier"]
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            parameters=Parameters(**{"outlier-predictions": json.dumps(found.tolist())}),
            outputs=[
                ResponseOutput(name=each.name, shape=each.shape, datatype=each.datatype, data=each.data)
                for each in payload.inputs
            ],
        )
