"""KServe's client over REST and gRPC: `with_kserve.py HTTP GRPC MODEL`, addresses as HOST:PORT.

Prints JSON: how each call was made, and the numbers that came back.
"""

import asyncio
import json
import sys

from flowers import ROWS
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig


def request(model, is_binary):
    tensor = InferInput("flowers", list(ROWS.shape), "FP64")
    tensor.set_data_from_numpy(ROWS, binary_data=is_binary)
    return InferRequest(model_name=model, infer_inputs=[tensor], request_id="of-kserve")


def read(how, said):
    assert said.id == "of-kserve", said.id
    return {"how": how, "numbers": said.outputs[0].as_numpy().tolist()}


async def main(http, grpc, model):
    rest = InferenceRESTClient(RESTConfig(protocol="v2"))
    url = f"http://{http}"
    assert await rest.is_server_live(url) and await rest.is_server_ready(url)
    # Not is_model_ready: it reads JSON, and MLServer, which is passed on, answers without a body.
    answers = [read("rest", await rest.infer(url, request(model, False), model_name=model))]
    await rest.close()
    async with InferenceGRPCClient(grpc) as client:
        assert await client.is_server_live() and await client.is_server_ready()
        assert await client.is_model_ready(model)
        for how, is_binary in (("grpc typed", False), ("grpc raw", True)):
            answers.append(read(how, await client.infer(request(model, is_binary))))
    return answers


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
