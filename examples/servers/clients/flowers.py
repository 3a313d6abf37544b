"""What the chains should say of some flowers, by numpy alone: the clients' responses are compared with it.

Run with the folder of `train.py`, it prints JSON: for each graph the rows that clients send and the numbers that have to come back. The
regression is solved here once more, from the measurements, so that no server's arithmetic is trusted.
"""

import json
import sys
from pathlib import Path

import numpy as np

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.1, 2.8, 4.7, 1.2], [6.3, 3.3, 6.0, 2.5]])


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def with_ones(rows):
    return np.column_stack([rows, np.ones(len(rows))])


def read(name):
    """A model of the example `tensorflow`."""
    return json.loads((Path(__file__).parents[2] / "tensorflow" / name / "1" / "model.json").read_text())


def main(folder: Path) -> None:
    table = np.loadtxt(folder / "flowers.csv", delimiter=",")
    features, species = table[:, :4], table[:, 4].astype(int)
    weights, *_ = np.linalg.lstsq(with_ones(features), np.eye(3)[species], rcond=None)
    probabilities = softmax(with_ones(ROWS) @ weights)
    ordered = np.sort(probabilities, axis=1)
    steps = [np.array(read(name)["weights"]) for name in ("scale", "classify")]
    biases = [np.array(read(name)["bias"]) for name in ("scale", "classify")]
    scaled = (ROWS - features.mean(axis=0)) / features.std(axis=0)
    print(
        json.dumps(
            {
                "certainty": np.stack([ordered[:, 2], ordered[:, 2] - ordered[:, 1]], axis=1).tolist(),
                "softmax": softmax(with_ones(scaled) @ weights).tolist(),
                "tensorflow": softmax((ROWS @ steps[0] + biases[0]) @ steps[1] + biases[1]).tolist(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
