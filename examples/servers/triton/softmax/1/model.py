"""A model of Triton's Python backend: (rows, n) scores in, (rows, n) probabilities out, both FP64."""

import numpy as np
import triton_python_backend_utils as backend


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class TritonPythonModel:
    def execute(self, requests):
        return [backend.InferenceResponse([answer(request)]) for request in requests]


def answer(request):
    given = [tensor for tensor in request.inputs() if tensor.name() in ("predict", "input-0")]
    return backend.Tensor("probabilities", softmax(given[0].as_numpy()))
