// OpenAI's messages. Models and transformers get bodies as they are; a router answers in any form of Seldon's; there is nothing in them
// to average, and no place for routing.
import type { Messages } from '../dialect.ts';
import type { Unusable } from '../payload.ts';
import { SELDON_REST } from '../seldon/rest-messages.ts';

const NOTHING_TO_AVERAGE: Unusable = {
  code: 'MERGE_UNUSABLE',
  info: 'responses of protocol openai have no numbers to average',
  position: 0,
};

/** A whole response, never a stream. */
function constantText(model: string): string {
  return JSON.stringify({
    id: 'chatcmpl-sidegraph',
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'This is a constant response.' },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  });
}

export const OPENAI_REST: Messages = {
  ...SELDON_REST,
  dialect: 'openai',
  average: () => NOTHING_TO_AVERAGE,
  averageBytes: () => 0,
  simpleModel: (_request, model) => ({
    body: Buffer.from(constantText(model)),
    contentType: 'application/json',
    layout: undefined,
  }),
  routing: undefined,
};
