"""A stand-in for TensorFlow Serving: its flags, its REST API and, where ovmsclient's messages are installed, its gRPC API.

Comes in: the flags of `tensorflow_model_server`, and a folder `VERSION/model.json` where TensorFlow would have a SavedModel: a matrix, a bias
and whether a softmax comes behind. Goes out: predictions of rows. It holds what clients and Sidegraph rely on: `instances` become
`predictions`, `inputs` become `outputs`, a model's status, and errors with TensorFlow Serving's texts. REST needs the standard library alone.
"""

import argparse
import json
import math
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Version 0 is what OpenVINO's client calls the latest one.
PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?(?P<rest>:predict|/metadata|)")


class Model:
    def __init__(self, name, folder):
        self.name = name
        self.version = max(int(path.name) for path in folder.iterdir() if path.name.isdigit())
        said = json.loads((folder / str(self.version) / "model.json").read_text())
        self.input, self.output = said["input"], said["output"]
        self.weights, self.bias, self.is_softmax = said["weights"], said["bias"], said["softmax"]

    def knows(self, name, version):
        return name == self.name and int(version or 0) in (0, self.version)

    def predict(self, rows):
        return [self.predict_row(row) for row in rows]

    def predict_row(self, row):
        if not isinstance(row, list) or len(row) != len(self.weights):
            raise ValueError(f"Matrix size-incompatible: In[0] has to be [n,{len(self.weights)}]")
        columns = zip(*self.weights)
        sums = [sum(x * w for x, w in zip(row, column)) + b for column, b in zip(columns, self.bias)]
        if not self.is_softmax:
            return sums
        powers = [math.exp(value - max(sums)) for value in sums]
        return [power / sum(powers) for power in powers]

    def predict_json(self, body):
        """Row format and column format, each tensor by itself or under the name of the input."""
        if "instances" in body:
            rows = [row[self.input] if isinstance(row, dict) else row for row in body["instances"]]
            return {"predictions": self.predict(rows)}
        if "inputs" in body:
            given = body["inputs"]
            return {"outputs": self.predict(given[self.input] if isinstance(given, dict) else given)}
        raise ValueError("Missing 'inputs' or 'instances' key")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes, and the second would wait for the client to say that the first arrived.
    disable_nagle_algorithm = True

    def do_GET(self):
        model, found = self.server.model, PATH.fullmatch(self.path)
        if found is None or not model.knows(found["name"], found["version"]):
            return self.say(404, {"error": "Could not find any versions of model"})
        if found["rest"] == "/metadata":
            spec = {"name": model.name, "signature_name": "", "version": str(model.version)}
            return self.say(200, {"model_spec": spec, "metadata": {}})
        status = {"error_code": "OK", "error_message": ""}
        state = {"version": str(model.version), "state": "AVAILABLE", "status": status}
        return self.say(200, {"model_version_status": [state]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        model, found = self.server.model, PATH.fullmatch(self.path)
        if found is None or not model.knows(found["name"], found["version"]):
            return self.say(404, {"error": f"Servable not found for request: Latest({self.path})"})
        try:
            return self.say(200, model.predict_json(json.loads(body)))
        except (ValueError, KeyError, TypeError) as error:
            return self.say(400, {"error": str(error)})

    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve_grpc(model, port):
    """The same model over gRPC; undefined without the messages."""
    try:
        from concurrent import futures

        import grpc
        import numpy as np
        from ovmsclient.tfs_compat.grpc.tensors import make_ndarray, make_tensor_proto
        from ovmsclient.tfs_compat.protos.tensorflow_serving.apis import get_model_status_pb2, predict_pb2
        from ovmsclient.tfs_compat.protos.tensorflow_serving.apis import model_service_pb2_grpc as models
        from ovmsclient.tfs_compat.protos.tensorflow_serving.apis import prediction_service_pb2_grpc as predictions
    except ImportError:
        return None

    def check(spec, context):
        if not model.knows(spec.name, spec.version.value):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({spec.name})")

    class Predictions(predictions.PredictionServiceServicer):
        def Predict(self, request, context):
            check(request.model_spec, context)
            if model.input not in request.inputs:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"input {model.input} is missing")
            rows = make_ndarray(request.inputs[model.input])
            said = np.array(model.predict(rows.tolist()), dtype=rows.dtype)
            answer = predict_pb2.PredictResponse()
            answer.model_spec.name = model.name
            answer.model_spec.version.value = model.version
            answer.model_spec.signature_name = "serving_default"
            answer.outputs[model.output].CopyFrom(make_tensor_proto(said))
            return answer

    class Models(models.ModelServiceServicer):
        def GetModelStatus(self, request, context):
            check(request.model_spec, context)
            answer = get_model_status_pb2.GetModelStatusResponse()
            answer.model_version_status.add(version=model.version, state=30)
            return answer

    server = grpc.server(futures.ThreadPoolExecutor(4))
    predictions.add_PredictionServiceServicer_to_server(Predictions(), server)
    models.add_ModelServiceServicer_to_server(Models(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--port", type=int, default=8500)
    flags.add_argument("--rest_api_port", type=int, default=8501)
    flags.add_argument("--model_name", default="default")
    flags.add_argument("--model_base_path", type=Path, required=True)
    given = flags.parse_args()
    model = Model(given.model_name, given.model_base_path)
    grpc_server = serve_grpc(model, given.port)
    server = ThreadingHTTPServer(("127.0.0.1", given.rest_api_port), Handler)
    server.model = model
    print(f"{time.strftime('%H:%M:%S')} serves {model.name} version {model.version}, REST{'' if grpc_server is None else ' and gRPC'}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
