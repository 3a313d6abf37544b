"""Makes what the servers of `make test-servers` load: models for MLServer and an explainer of one, on the iris measurements.

Comes in: the folder to write to. Goes out: `sklearn/model.joblib`, a classifier; `scores/model.joblib`, a regression with a score for each
species; `explainer/`, an AnchorTabular as alibi saves it; `drift/`, a KSDrift as alibi-detect saves it; `flowers.csv`, the measurements and
species that all are made of. Seeds are fixed.
"""

import sys
from pathlib import Path

import joblib
import numpy as np
from alibi.explainers import AnchorTabular
from alibi_detect.cd import KSDrift
from alibi_detect.saving import save_detector
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression


def main(folder: Path) -> None:
    data = load_iris()
    model = LogisticRegression(max_iter=1000).fit(data.data, data.target)
    save(model, folder / "sklearn")
    save(LinearRegression().fit(data.data, np.eye(3)[data.target]), folder / "scores")
    np.savetxt(folder / "flowers.csv", np.column_stack([data.data, data.target]), "%.1f", ",")
    explainer = AnchorTabular(model.predict, data.feature_names, seed=7)
    explainer.fit(data.data, disc_perc=(25, 50, 75))
    # The runtime gives it the predictor of the graph in place of this one.
    explainer.save(folder / "explainer")
    save_detector(KSDrift(data.data, p_val=0.01), folder / "drift")


def save(model, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
