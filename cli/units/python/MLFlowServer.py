"""MLFLOW_SERVER on this machine, for `sidegraph run`: one MLflow model behind Seldon's Python wrapper.

Comes in: `model_uri`, the folder of the model, and `xtype`: whether the model gets an ndarray or a DataFrame. What the model needs has
to be installed beside it. Seldon's own server of this name goes before it where it is on PYTHONPATH.
"""

import mlflow.pyfunc
import pandas


class MLFlowServer:
    def __init__(self, model_uri, xtype="ndarray"):
        self.model_uri = model_uri
        self.xtype = xtype

    def load(self):
        self.model = mlflow.pyfunc.load_model(self.model_uri)

    def predict(self, features, names, meta=None):
        if self.xtype == "ndarray":
            return self.model.predict(features)
        columns = names if names is not None and len(names) > 0 else None
        return self.model.predict(pandas.DataFrame(features, columns=columns))
