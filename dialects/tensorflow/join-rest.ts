// What a combiner is called with over REST: the responses in a list, as Seldon's executor writes it.
import { isLenientJson } from '../../lib/codecs/json/non-finite.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

export function findUnjoinableRest(payloads: readonly Payload[]): Unusable | undefined {
  const position = payloads.findIndex(({ body }) => !isLenientJson(body));
  if (position < 0) return undefined;
  return { code: 'ANSWER_MALFORMED', info: 'the response is not valid JSON', position };
}

export function joinRest(payloads: readonly Payload[]): Pieces {
  const pieces: Buffer[] = [];
  for (const { body } of payloads) pieces.push(pieces.length === 0 ? OPEN : COMMA, body);
  if (pieces.length === 0) pieces.push(OPEN);
  pieces.push(CLOSE);
  return { pieces, contentType: payloads[0]?.contentType, layout: undefined };
}
