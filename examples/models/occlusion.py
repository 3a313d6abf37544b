#!/usr/bin/env python3
"""An explainer of one's own: which feature moves a prediction most.

Started with the flags that Seldon's explainers get: `--model_name=M --predictor_host=HOST:PORT --protocol=seldon.http --http_port=N TYPE`.
Comes in: `POST /api/v1.0/explain` with a SeldonMessage of rows. Goes out: for each row the class and, for each feature, how much its
probability falls when the feature is that of an ordinary flower. It asks the predictor once for each feature. Standard library only.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

# The means of the iris measurements.
ORDINARY = [5.84, 3.06, 3.76, 1.2]


def ask(host, rows):
    """Class probabilities of each row, from the graph."""
    body = json.dumps({"data": {"ndarray": rows}}).encode()
    request = Request(
        f"http://{host}/api/v1.0/predictions", body, {"content-type": "application/json"}
    )
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]["ndarray"]


def explain(host, rows):
    explanations = []
    before = ask(host, rows)
    occluded = [
        ask(host, [row[:at] + [mean] + row[at + 1 :] for row in rows])
        for at, mean in enumerate(ORDINARY)
    ]
    for index, row in enumerate(rows):
        best = max(range(len(before[index])), key=before[index].__getitem__)
        falls = [before[index][best] - responses[index][best] for responses in occluded]
        explanations.append({"class": best, "falls": falls})
    return explanations


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers["content-length"])
        rows = json.loads(self.rfile.read(length))["data"]["ndarray"]
        if self.path != "/api/v1.0/explain":
            return self.say(404, {"error": f"no path {self.path}"})
        self.say(200, {"explanations": explain(self.server.predictor_host, rows)})

    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--model_name")
    flags.add_argument("--predictor_host", required=True)
    flags.add_argument("--protocol")
    flags.add_argument("--http_port", type=int, default=9000)
    flags.add_argument("type")
    given = flags.parse_args()
    server = ThreadingHTTPServer(("", given.http_port), Handler)
    server.predictor_host = given.predictor_host
    server.serve_forever()


if __name__ == "__main__":
    main()
