"""A model of Triton's Python backend: (rows, columns) numbers in, the sigmoid of each out, both FP32."""

import numpy as np
import triton_python_backend_utils as backend


class TritonPythonModel:
    def execute(self, requests):
        return [backend.InferenceResponse([sigmoid(request)]) for request in requests]


def sigmoid(request):
    scaled = backend.get_input_tensor_by_name(request, "scaled").as_numpy()
    return backend.Tensor("bright", 1 / (1 + np.exp(-scaled)))
