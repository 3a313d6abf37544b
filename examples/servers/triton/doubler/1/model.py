"""A model of Triton's Python backend: twice what comes in, as FP32."""

import triton_python_backend_utils as backend


class TritonPythonModel:
    def execute(self, requests):
        return [
            backend.InferenceResponse(
                [backend.Tensor("y", 2 * backend.get_input_tensor_by_name(request, "x").as_numpy())]
            )
            for request in requests
        ]
