// Seldon's messages over REST: SeldonMessages as JSON.
import { findMember, findPath, keys, type Span, wholeValue } from '../../lib/codecs/json/find.ts';
import { CLOSE_OBJECT, OPEN_OBJECT, skipSpace } from '../../lib/codecs/json/scan.ts';
import { averageJson, averageJsonBytes } from './average-json.ts';
import { MAX_ROUTING_BYTES } from '../reading-limits.ts';
import type { Messages, Routing } from '../dialect.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { averagePayload, bodiesOf } from './payloads.ts';
import { readJsonRoute } from './route-json.ts';
import { simpleModelJson } from './simple-model-json.ts';

const ROUTING = keys('meta', 'routing');
const FEEDBACK_ROUTING = keys('response', 'meta', 'routing');
const ARRAY_OPEN = Buffer.from('[');
const ARRAY_COMMA = Buffer.from(',');
const ARRAY_CLOSE = Buffer.from(']');

function findUnjoinable(responses: readonly Payload[]): Unusable | null {
  const position = responses.findIndex(({ body }) => wholeValue(body) === undefined);
  if (position < 0) return null;
  return { code: 'ANSWER_MALFORMED', info: 'the response is not valid JSON', position };
}

/** `[response,response]`: the executor's aggregate body. */
function joinResponses(responses: readonly Payload[]): Pieces {
  const pieces: Buffer[] = [];
  for (const { body } of responses)
    pieces.push(pieces.length === 0 ? ARRAY_OPEN : ARRAY_COMMA, body);
  if (pieces.length === 0) pieces.push(ARRAY_OPEN);
  pieces.push(ARRAY_CLOSE);
  return { pieces, contentType: responses[0]?.contentType ?? null, layout: null };
}

/** Undefined for what is no object, and for one that is longer than any routing. */
function readObject(bytes: Buffer, span: Span): Record<string, unknown> | undefined {
  if (isTooLong(span)) return undefined;
  const value: unknown = JSON.parse(bytes.toString('utf8', span.start, span.end));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function isTooLong(span: Span): boolean {
  return span.end - span.start > MAX_ROUTING_BYTES;
}

/** The bytes with `text` in place of `start` to `end`. */
function splice(bytes: Buffer, start: number, end: number, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]);
}

/** Puts `text`, a member, first into the object. */
function insertMember(bytes: Buffer, object: Span, text: string): Buffer {
  const first = object.start + 1;
  const empty = bytes[skipSpace(bytes, first, object.end)] === CLOSE_OBJECT;
  return splice(bytes, first, first, empty ? text : `${text},`);
}

function isNull(bytes: Buffer, span: Span): boolean {
  return bytes[span.start] === 0x6e;
}

/** `text` as the value of `path` in an object of its own. */
function nest(path: readonly Buffer[], text: string): string {
  return path.reduceRight((inner, key) => `{${JSON.stringify(key.toString())}:${inner}}`, text);
}

/** Lays `routing` over the object under `path`, made where it is missing; unchanged where something else is there. */
function layOver(bytes: Buffer, object: Span, path: readonly Buffer[], routing: Routing): Buffer {
  const [key, ...below] = path;
  if (key === undefined) return bytes;
  const found = findMember(bytes, object, key);
  if (found === 'invalid') return bytes;
  const text = JSON.stringify(routing);
  if (found === 'absent') return insertMember(bytes, object, nest(path, text).slice(1, -1));
  if (below.length === 0) {
    if (isTooLong(found)) return bytes;
    const laidOver = { ...readObject(bytes, found), ...routing };
    return splice(bytes, found.start, found.end, JSON.stringify(laidOver));
  }
  if (isNull(bytes, found)) return splice(bytes, found.start, found.end, nest(below, text));
  return bytes[found.start] === OPEN_OBJECT ? layOver(bytes, found, below, routing) : bytes;
}

function writeAt(path: readonly Buffer[]): (body: Buffer, routing: Routing) => Buffer {
  return (body, routing) => {
    const whole = wholeValue(body);
    if (whole === undefined || body[whole.start] !== OPEN_OBJECT) return body;
    return layOver(body, whole, path, routing);
  };
}

export const SELDON_REST: Messages = {
  dialect: 'seldon',
  transport: 'rest',
  contentType: 'application/json',
  empty: Buffer.from('{}'),
  requests: null,
  readRoute: ({ body }) => readJsonRoute(body),
  findUnjoinable,
  joinResponses,
  average: (responses) => averagePayload(responses, averageJson),
  averageBytes: (responses) => averageJsonBytes(bodiesOf(responses)),
  simpleModel: ({ body }) => ({
    body: simpleModelJson(body),
    contentType: 'application/json',
    layout: null,
  }),
  routing: {
    write: writeAt(ROUTING),
    read(body) {
      const found = findPath(body, FEEDBACK_ROUTING);
      if (typeof found === 'string') return null;
      if (isTooLong(found)) return 'too-long';
      const routing = readObject(body, found);
      return routing === undefined || Object.keys(routing).length === 0 ? null : routing;
    },
    writeFeedback: writeAt(FEEDBACK_ROUTING),
  },
};
