// Seldon's messages over REST: SeldonMessages as JSON.
import { keys, wholeValue } from '../../lib/codecs/json/find.ts';
import { OPEN_OBJECT } from '../../lib/codecs/json/scan.ts';
import { averageJson, averageJsonBytes } from './average-json.ts';
import type { Messages, Routing } from '../dialect.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { readFeedbackJson, writeFeedbackJson } from './feedback-json.ts';
import { layOver } from './lay-over-json.ts';
import { averagePayload, bodiesOf } from './payloads.ts';
import { readJsonRoute } from './route-json.ts';
import { simpleModelJson } from './simple-model-json.ts';

const ROUTING = keys('meta', 'routing');
const ARRAY_OPEN = Buffer.from('[');
const ARRAY_COMMA = Buffer.from(',');
const ARRAY_CLOSE = Buffer.from(']');

function findUnjoinable(responses: readonly Payload[]): Unusable | undefined {
  const position = responses.findIndex(({ body }) => wholeValue(body) === undefined);
  if (position < 0) return undefined;
  return { code: 'ANSWER_MALFORMED', info: 'the response is not valid JSON', position };
}

/** `[response,response]`: the executor's aggregate body. */
function joinResponses(responses: readonly Payload[]): Pieces {
  const pieces: Buffer[] = [];
  for (const { body } of responses)
    pieces.push(pieces.length === 0 ? ARRAY_OPEN : ARRAY_COMMA, body);
  if (pieces.length === 0) pieces.push(ARRAY_OPEN);
  pieces.push(ARRAY_CLOSE);
  return { pieces, contentType: responses[0]?.contentType, layout: undefined };
}

function writeRouting(body: Buffer, routing: Routing): Buffer {
  const whole = wholeValue(body);
  if (whole === undefined || body[whole.start] !== OPEN_OBJECT) return body;
  return layOver(body, whole, ROUTING, routing);
}

export const SELDON_REST: Messages = {
  dialect: 'seldon',
  transport: 'rest',
  contentType: 'application/json',
  empty: Buffer.from('{}'),
  requests: undefined,
  readRoute: ({ body }) => readJsonRoute(body),
  findUnjoinable,
  joinResponses,
  average: (responses) => averagePayload(responses, averageJson),
  averageBytes: (responses) => averageJsonBytes(bodiesOf(responses)),
  simpleModel: ({ body }) => ({
    body: simpleModelJson(body),
    contentType: 'application/json',
    layout: undefined,
  }),
  routing: {
    write: writeRouting,
    readFeedback: readFeedbackJson,
    writeFeedback: writeFeedbackJson,
  },
};
