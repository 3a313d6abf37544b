"""A language model behind OpenAI's API, on KServe's own server for it: small enough to know what it will say.

Comes in: chats and completions at `/v1/chat/completions` and `/v1/completions`. Goes out: the words that follow the last word of the prompt
in its one sentence, a word a token, `max_tokens` at most, as one response or as a stream with a pause between the words. KServe reads,
checks and writes the messages; what is ours is the model.
"""

import asyncio
import os
import time
import uuid

# KServe's default is /openai before each path.
os.environ["KSERVE_OPENAI_ROUTE_PREFIX"] = ""

from kserve import ModelServer  # noqa: E402
from kserve.protocol.rest.openai import ChatPrompt, CompletionRequest, OpenAIChatAdapterModel  # noqa: E402
from kserve.protocol.rest.openai.types import Completion  # noqa: E402
from kserve.protocol.rest.openai.types.openapi import Choice, CompletionUsage  # noqa: E402

SENTENCE = "one two three four five six seven eight nine ten eleven twelve".split()
PAUSE_SECONDS = 0.1


def continue_from(prompt, limit):
    """The words after the last word of the prompt, and why there are no more of them."""
    words = prompt.split()
    last = words[-1].strip(".?!").lower() if words else ""
    begin = SENTENCE.index(last) + 1 if last in SENTENCE else 0
    rest = SENTENCE[begin:]
    return rest[:limit], "length" if limit < len(rest) else "stop"


class CountingModel(OpenAIChatAdapterModel):
    def apply_chat_template(self, messages):
        texts = [str(getattr(message, "root", message).content) for message in messages]
        return ChatPrompt(response_role="assistant", prompt="\n".join(texts))

    async def create_completion(self, request: CompletionRequest):
        params = request.params
        prompt = params.prompt if isinstance(params.prompt, str) else params.prompt[0]
        words, reason = continue_from(prompt, params.max_tokens or 16)
        name = f"cmpl-{uuid.uuid4().hex}"

        def say(text, finish, usage=None):
            # Unchecked, since KServe's type knows no token that is not the last.
            choice = Choice.model_construct(index=0, text=text, finish_reason=finish, logprobs=None)
            return Completion.model_construct(
                id=name,
                object="text_completion",
                created=int(time.time()),
                model=params.model,
                choices=[choice],
                usage=usage,
            )

        if params.stream:

            async def stream():
                for position, word in enumerate(words):
                    await asyncio.sleep(PAUSE_SECONDS if position else 0)
                    is_last = position == len(words) - 1
                    yield say(f"{' ' if position else ''}{word}", reason if is_last else None)

            return stream()
        used = CompletionUsage(
            prompt_tokens=len(prompt.split()),
            completion_tokens=len(words),
            total_tokens=len(prompt.split()) + len(words),
        )
        return say(" ".join(words), reason, used)


if __name__ == "__main__":
    port = int(os.environ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"])
    ModelServer(http_port=port, enable_grpc=False).start([CountingModel("counting")])
