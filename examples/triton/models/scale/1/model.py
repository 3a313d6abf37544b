"""A model of Triton's Python backend: (rows, columns) bytes in, the same as FP32 from −1 to 1 out."""

import numpy as np
import triton_python_backend_utils as backend


class TritonPythonModel:
    def execute(self, requests):
        return [backend.InferenceResponse([scale(request)]) for request in requests]


def scale(request):
    pixels = backend.get_input_tensor_by_name(request, "pixels").as_numpy()
    return backend.Tensor("scaled", (pixels / 127.5 - 1).astype(np.float32))
