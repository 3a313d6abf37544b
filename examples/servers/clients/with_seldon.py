"""Seldon's own client, REST and gRPC, with both of its numeric payloads: `with_seldon.py HTTP GRPC`, addresses as HOST:PORT.

Prints JSON: how each call was made, and the numbers that came back.
"""

import json
import sys
from pathlib import Path

from flowers import ROWS

# Its environment is that of Seldon's wrapper, which lacks `requests`; that of the other clients has it.
SITES = Path(__file__).parents[3].glob(".venv-clients/lib/python3.*/site-packages")
sys.path.extend(map(str, SITES))

from seldon_core.seldon_client import SeldonClient  # noqa: E402
from seldon_core.utils import get_data_from_proto  # noqa: E402


def ask(transport, address, payload_type):
    client = SeldonClient(gateway="seldon", transport=transport, gateway_endpoint=address)
    said = client.predict(data=ROWS, payload_type=payload_type, client_return_type="proto")
    assert said.success, said.msg
    return {
        "how": f"{transport} {payload_type}",
        "numbers": get_data_from_proto(said.response).tolist(),
        "tags": {key: value.string_value for key, value in said.response.meta.tags.items()},
    }


http, grpc = sys.argv[1:]
print(
    json.dumps(
        [
            ask(transport, address, payload_type)
            for transport, address in (("rest", http), ("grpc", grpc))
            for payload_type in ("ndarray", "tensor")
        ]
    )
)
