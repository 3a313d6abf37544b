"""Trains the models of the examples on the iris measurements that scikit-learn ships.

Comes in: the folder to write to. Goes out: one file a model, `<name>.joblib`, the folder `sklearn` for the prepackaged servers, and `expected.json`: what each model says
to a few flowers when it is asked in this process, without any server. The tests compare what a graph answers with that.
Every seed is fixed, so two machines train the same models. Takes about two seconds.
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

# One flower of each species, centimetres: sepal length and width, petal length and width.
FLOWERS = [[5.1, 3.5, 1.4, 0.2], [6.1, 2.8, 4.7, 1.2], [6.3, 3.3, 6.0, 2.5]]


def train(features, species):
    """Fits every model: (150, 4) centimetres and (150,) species in, models by name out."""
    pipeline = make_pipeline(StandardScaler(), PCA(n_components=3), LogisticRegression())
    pipeline.fit(features, species)
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(features, species)
    rng = np.random.default_rng(7)
    return {
        "logistic": LogisticRegression(max_iter=1000).fit(features, species),
        "forest": RandomForestClassifier(n_estimators=20, random_state=7).fit(features, species),
        "neighbours": KNeighborsClassifier(n_neighbors=7).fit(features, species),
        "bayes": GaussianNB().fit(features, species),
        # What is no iris.
        "outliers": IsolationForest(random_state=7).fit(features),
        # A poor rival: it has seen the right flowers with shuffled labels.
        "guesser": DecisionTreeClassifier(max_depth=2, random_state=7).fit(
            features, rng.permutation(species)
        ),
        # The same work as "scaler" followed by "scaled".
        "scaler": scaled[0],
        "scaled": scaled[1],
        # One pipeline, and its three steps by themselves.
        "pipeline": pipeline,
        "step_one": pipeline[0],
        "step_two": pipeline[1],
        "step_three": pipeline[2],
    }


def main(folder: Path) -> None:
    features, species = load_iris(return_X_y=True)
    models = train(features, species)
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        joblib.dump(model, folder / f"{name}.joblib")
        print(f"  trained {name}", flush=True)
    # As a prepackaged server loads it: a folder with `model.joblib`.
    (folder / "sklearn").mkdir(exist_ok=True)
    joblib.dump(models["logistic"], folder / "sklearn" / "model.joblib")
    flowers = np.array(FLOWERS)
    expected = {
        name: model.predict_proba(flowers).tolist()
        for name, model in models.items()
        if hasattr(model, "predict_proba") and name not in ("scaled", "step_three")
    }
    expected["scaler+scaled"] = models["scaled"].predict_proba(models["scaler"].transform(flowers)).tolist()
    (folder / "expected.json").write_text(json.dumps({"flowers": FLOWERS, "answers": expected}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
