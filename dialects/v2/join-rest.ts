// What a combiner is called with over REST: the responses in a list, as Seldon's executor writes it. Where responses have binary tensors the list
// holds their JSON, and all tensors are behind it in the same order.
import { isLenientJson } from '../../lib/codecs/json/non-finite.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { BINARY_TYPE, jsonBytes } from './layout.ts';

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

export function findUnjoinableRest(payloads: readonly Payload[]): Unusable | undefined {
  const position = payloads.findIndex((payload) => {
    const bytes = jsonBytes(payload);
    return bytes === 'invalid' || !isLenientJson(payload.body.subarray(0, bytes));
  });
  if (position < 0) return undefined;
  return { code: 'ANSWER_MALFORMED', info: 'the response is not valid JSON', position };
}

export function joinRest(payloads: readonly Payload[]): Pieces {
  const heads: Buffer[] = [];
  const tails: Buffer[] = [];
  let isBinary = false;
  for (const payload of payloads) {
    const bytes = jsonBytes(payload);
    const end = bytes === 'invalid' ? payload.body.length : bytes;
    heads.push(heads.length === 0 ? OPEN : COMMA, payload.body.subarray(0, end));
    if (payload.layout === undefined) continue;
    isBinary = true;
    tails.push(payload.body.subarray(end));
  }
  if (heads.length === 0) heads.push(OPEN);
  heads.push(CLOSE);
  if (!isBinary) {
    return { pieces: heads, contentType: payloads[0]?.contentType, layout: undefined };
  }
  const layout = String(heads.reduce((sum, piece) => sum + piece.length, 0));
  return { pieces: [...heads, ...tails], contentType: BINARY_TYPE, layout };
}
