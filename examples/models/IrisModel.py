"""A MODEL: the species of a flower, by one of the trained classifiers.

(rows, 4) measurements in, (rows, 3) probabilities out. The unit's parameter `model` says which classifier.
"""

import numpy as np

from trained import load_trained

SPECIES = ["setosa", "versicolor", "virginica"]


class IrisModel:
    def __init__(self, model="logistic"):
        self.model_name = model
        self.model = load_trained(model)

    def predict(self, features, names=None, meta=None):
        return self.model.predict_proba(np.asarray(features, dtype=float))

    def class_names(self):
        return SPECIES

    def tags(self):
        return {"model": self.model_name}

    def init_metadata(self):
        return {
            "name": self.model_name,
            "versions": ["1"],
            "platform": "scikit-learn",
            "inputs": [{"messagetype": "tensor", "schema": {"names": ["sl", "sw", "pl", "pw"], "shape": [4]}}],
            "outputs": [{"messagetype": "tensor", "schema": {"names": SPECIES, "shape": [3]}}],
        }
