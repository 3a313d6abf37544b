"""Sends a picture through the graph as binary tensors with NVIDIA's client: `client.py HOST:PORT`.

Prints JSON: the shape and the datatype that came back, their bytes, and how far they are from what numpy makes of the same picture.
"""

import json
import sys

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput

PICTURE = np.random.default_rng(7).integers(0, 256, (240, 320), dtype=np.uint8)

with InferenceServerClient(sys.argv[1]) as client:
    tensor = InferInput("pixels", list(PICTURE.shape), "UINT8")
    tensor.set_data_from_numpy(PICTURE, binary_data=True)
    # No outputs are named: those would be the first model's. Without them the client asks for all, in binary.
    said = client.infer("scale", [tensor])
output = said.get_output("bright")
bright = said.as_numpy("bright")
wanted = 1 / (1 + np.exp(1 - PICTURE / 127.5))
print(
    json.dumps(
        {
            "shape": list(bright.shape),
            "datatype": output["datatype"],
            "binaryBytes": output["parameters"]["binary_data_size"],
            "farthest": float(np.abs(bright - wanted).max()),
        }
    )
)
