"""Makes what the servers of `make test-servers` load: a model for MLServer and an explainer of it, on the iris measurements.

Comes in: the folder to write to. Goes out: `sklearn/model.joblib` and `explainer/`, an AnchorTabular as alibi saves it. Seeds are fixed.
"""

import sys
from pathlib import Path

import joblib
from alibi.explainers import AnchorTabular
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def main(folder: Path) -> None:
    data = load_iris()
    model = LogisticRegression(max_iter=1000).fit(data.data, data.target)
    (folder / "sklearn").mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "sklearn" / "model.joblib")
    explainer = AnchorTabular(model.predict, data.feature_names, seed=7)
    explainer.fit(data.data, disc_perc=(25, 50, 75))
    # The runtime gives it the predictor of the graph in place of this one.
    explainer.save(folder / "explainer")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
