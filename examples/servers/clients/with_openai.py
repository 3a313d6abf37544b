"""OpenAI's client: `with_openai.py HTTP`, the address as HOST:PORT. Asks for a chat as a whole and as a stream, and for the models.

Prints JSON: the text of the whole; the pieces of the stream with the seconds at which they came; the models; the error of a bad request.
"""

import json
import sys
import time

from openai import APIStatusError, OpenAI

client = OpenAI(base_url=f"http://{sys.argv[1]}/v1", api_key="none", max_retries=0)
asked = {
    "model": "counting",
    "messages": [{"role": "user", "content": "Go on from three."}],
    "max_tokens": 100,
}
whole = client.chat.completions.create(**asked)
begin = time.monotonic()
pieces = [
    {"text": chunk.choices[0].delta.content, "seconds": time.monotonic() - begin}
    for chunk in client.chat.completions.create(**asked, stream=True)
]
try:
    client.chat.completions.create(model="nobody", messages=asked["messages"])
    error = None
except APIStatusError as refused:
    error = refused.status_code
print(
    json.dumps(
        {
            "text": whole.choices[0].message.content,
            "reason": whole.choices[0].finish_reason,
            "pieces": pieces,
            "models": [model.id for model in client.models.list()],
            "error": error,
        }
    )
)
