"""A TRANSFORMER: brings measurements to zero mean and unit variance, as the trained scaler does.

(rows, 4) centimetres in, (rows, 4) standard deviations out.
"""

import numpy as np

from trained import load_trained


class Scaler:
    def __init__(self):
        self.scaler = load_trained("scaler")

    def transform_input(self, features, names=None, meta=None):
        return self.scaler.transform(np.asarray(features, dtype=float))
