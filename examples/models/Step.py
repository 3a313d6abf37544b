"""A MODEL that is one step of a scikit-learn pipeline: what it hands on is the next step's input.

(rows, n) in; (rows, m) out: transformed features, or probabilities from a step that classifies.
"""

import numpy as np

from trained import load_trained


class Step:
    def __init__(self, step):
        model = load_trained(step)
        self.run = model.predict_proba if hasattr(model, "predict_proba") else model.transform

    def predict(self, features, names=None, meta=None):
        return self.run(np.asarray(features, dtype=float))
