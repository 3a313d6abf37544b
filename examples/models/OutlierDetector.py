"""Tells flowers that look like none of the known ones: an isolation forest in front of a model.

Comes in: rows of four centimetres. Goes out: the same rows, with the tag `outlier-predictions`: 1 for a row that is an outlier, else 0.
"""

from trained import load_trained


class OutlierDetector:
    def __init__(self):
        self.forest = load_trained("outliers")
        self.latest = []

    def transform_input(self, features, names, meta=None):
        # IsolationForest says −1 for outliers.
        self.latest = [int(said < 0) for said in self.forest.predict(features)]
        return features

    def tags(self):
        return {"outlier-predictions": self.latest}
