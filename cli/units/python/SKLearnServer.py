"""SKLEARN_SERVER on this machine, for `sidegraph run`: one scikit-learn model behind Seldon's Python wrapper.

Comes in: `model_uri`, the folder with `model.joblib`, and `method`, what the model is asked (predict_proba, predict,
decision_function). Goes out: what it answers. Seldon's own server of this name goes before it where it is on PYTHONPATH.
"""

from pathlib import Path

import joblib


class SKLearnServer:
    def __init__(self, model_uri, method="predict_proba"):
        self.folder = Path(model_uri)
        self.method = method

    def load(self):
        self.model = joblib.load(self.folder / "model.joblib")

    def predict(self, features, names, meta=None):
        return getattr(self.model, self.method)(features)
