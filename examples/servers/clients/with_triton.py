"""NVIDIA's client over HTTP and gRPC: `with_triton.py HTTP GRPC MODEL HOW…`, addresses as HOST:PORT, HOW of `json`, `binary`, `grpc`, `stream`.

Prints JSON: how each call was made, and the numbers that came back, or the error.
"""

import json
import queue
import sys

import tritonclient.grpc
import tritonclient.http
from flowers import ROWS
from tritonclient.utils import InferenceServerException


def ask_http(address, model, is_binary):
    kind = tritonclient.http
    with kind.InferenceServerClient(address) as client:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
        tensor = kind.InferInput("flowers", list(ROWS.shape), "FP64")
        tensor.set_data_from_numpy(ROWS, binary_data=is_binary)
        said = client.infer(model, [tensor])
        (output,) = said.get_response()["outputs"]
        return said.as_numpy(output["name"])


def ask_grpc(address, model):
    kind = tritonclient.grpc
    with kind.InferenceServerClient(address) as client:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
        said = client.infer(model, [grpc_input()])
        return said.as_numpy(said.get_response().outputs[0].name)


def ask_stream(address, model):
    """A request on a stream. Further ones would go to the last model of the graph alone."""
    said = queue.Queue()
    with tritonclient.grpc.InferenceServerClient(address) as client:
        client.start_stream(callback=lambda result, error: said.put(error or result))
        client.async_stream_infer(model, [grpc_input()])
        answer = said.get(timeout=30)
        client.stop_stream()
    if isinstance(answer, Exception):
        raise answer
    return answer.as_numpy(answer.get_response().outputs[0].name)


def grpc_input():
    tensor = tritonclient.grpc.InferInput("flowers", list(ROWS.shape), "FP64")
    tensor.set_data_from_numpy(ROWS)
    return tensor


def ask(how, http, grpc, model):
    try:
        if how in ("json", "binary"):
            numbers = ask_http(http, model, how == "binary")
        else:
            numbers = ask_grpc(grpc, model) if how == "grpc" else ask_stream(grpc, model)
        return {"how": how, "numbers": numbers.tolist()}
    except InferenceServerException as error:
        return {"how": how, "error": f"{error.status()} {error.message()}"}


http, grpc, model, *ways = sys.argv[1:]
print(json.dumps([ask(how, http, grpc, model) for how in ways]))
