"""XGBOOST_SERVER on this machine, for `sidegraph run`: one XGBoost model behind Seldon's Python wrapper.

Comes in: `model_uri`, the folder with `model.bst`. Goes out: what the model predicts for each row. Seldon's own server
of this name goes before it where it is on PYTHONPATH.
"""

from pathlib import Path

import xgboost


class XGBoostServer:
    def __init__(self, model_uri):
        self.folder = Path(model_uri)

    def load(self):
        self.model = xgboost.Booster(model_file=str(self.folder / "model.bst"))

    def predict(self, features, names, meta=None):
        return self.model.predict(xgboost.DMatrix(features))
