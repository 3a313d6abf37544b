"""A MODEL: how certain a classifier is.

(rows, n) probabilities in; (rows, 2) out: the largest of each row, and by how much it leads the next.
"""

import numpy as np


class Certainty:
    def predict(self, probabilities, names=None, meta=None):
        ordered = np.sort(np.asarray(probabilities, dtype=float), axis=1)
        return np.stack([ordered[:, -1], ordered[:, -1] - ordered[:, -2]], axis=1)

    def class_names(self):
        return ["probability", "lead"]

    def tags(self):
        return {"judged-by": "Certainty"}
