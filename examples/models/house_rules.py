#!/usr/bin/env python3
"""A TRANSFORMER of a graph of OpenAI's protocol: what the house adds to each request before a language model gets it.

Comes in: `POST /transform-input` with the body of a chat. Goes out: the same body with a system message in front and no more tokens asked for
than are allowed. All else stays. Standard library only.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_TOKENS = 5
RULE = {"role": "system", "content": "Count, and say nothing else."}


def apply_rules(body):
    asked = body.get("max_tokens") or MAX_TOKENS
    return {**body, "messages": [RULE, *body["messages"]], "max_tokens": min(asked, MAX_TOKENS)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/transform-input":
            return self.say(404, {"error": {"message": f"no path {self.path}"}})
        self.say(200, apply_rules(json.loads(body)))

    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(os.environ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"])
    ThreadingHTTPServer(("", port), Handler).serve_forever()
