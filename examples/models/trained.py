"""Where the trained models lie, for the components beside this file."""

import os
from pathlib import Path

import joblib

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "models"


def load_trained(name: str):
    """The model that train.py wrote under `name`; SIDEGRAPH_MODELS names another folder."""
    return joblib.load(Path(os.environ.get("SIDEGRAPH_MODELS", DEFAULT_FOLDER)) / f"{name}.joblib")
