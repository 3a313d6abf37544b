"""OpenVINO's client of TensorFlow Serving's API, over HTTP and gRPC: `with_ovms.py HTTP GRPC MODEL`, addresses as HOST:PORT.

Prints JSON: how each call was made, and the numbers that came back.
"""

import json
import sys

from flowers import ROWS
from ovmsclient import make_grpc_client, make_http_client

http, grpc, model = sys.argv[1:]
answers = []
for how, client in (("http", make_http_client(http)), ("grpc", make_grpc_client(grpc))):
    said = client.predict({"flowers": ROWS}, model)
    answers.append({"how": how, "numbers": said.tolist()})
print(json.dumps(answers))
