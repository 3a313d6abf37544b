"""A COMBINER: the mean of what its children say, and how far they disagree.

A list of (rows, 3) probabilities in, one a child; their mean, (rows, 3), out. The tag `spread` is the largest difference
between two children's responses.
"""

import numpy as np


class Mixer:
    def aggregate(self, responses, names=None, metas=None):
        stacked = np.stack([np.asarray(response, dtype=float) for response in responses])
        self.spread = float(np.ptp(stacked, axis=0).max())
        return stacked.mean(axis=0)

    def class_names(self):
        return ["setosa", "versicolor", "virginica"]

    def tags(self):
        return {"spread": round(self.spread, 6)}
