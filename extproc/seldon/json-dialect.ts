// The Seldon dialect over REST: SeldonMessages as JSON.
import { findMember, findPath, keys, type Span, wholeValue } from '../json/find.ts';
import { CLOSE_OBJECT, OPEN_OBJECT, skipSpace } from '../json/scan.ts';
import { averageJson } from './average-json.ts';
import type { Dialect, Routing, Unusable } from './dialect.ts';
import { readJsonRoute } from './route-json.ts';
import { simpleModelJson } from './simple-model-json.ts';

const META = Buffer.from('meta');
const ROUTING = Buffer.from('routing');
const FEEDBACK_ROUTING = keys('response', 'meta', 'routing');
const ARRAY_OPEN = Buffer.from('[');
const ARRAY_COMMA = Buffer.from(',');
const ARRAY_CLOSE = Buffer.from(']');

/** `[answer,answer]`: the executor's aggregate body. */
function joinAnswers(bodies: readonly Buffer[]): Buffer[] | Unusable {
  const pieces: Buffer[] = [];
  for (const [position, body] of bodies.entries()) {
    if (wholeValue(body) === undefined) {
      return { code: 'ANSWER_NOT_JSON', info: 'the answer is not valid JSON', position };
    }
    pieces.push(position === 0 ? ARRAY_OPEN : ARRAY_COMMA, body);
  }
  if (pieces.length === 0) pieces.push(ARRAY_OPEN);
  pieces.push(ARRAY_CLOSE);
  return pieces;
}

function readObject(bytes: Buffer, span: Span): Record<string, unknown> | undefined {
  const value: unknown = JSON.parse(bytes.toString('utf8', span.start, span.end));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
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

function writeRouting(body: Buffer, routing: Routing): Buffer {
  const whole = wholeValue(body);
  if (whole === undefined || body[whole.start] !== OPEN_OBJECT) return body;
  const text = JSON.stringify(routing);
  const meta = findMember(body, whole, META);
  if (meta === 'invalid') return body;
  if (meta === 'absent') return insertMember(body, whole, `"meta":{"routing":${text}}`);
  if (isNull(body, meta)) return splice(body, meta.start, meta.end, `{"routing":${text}}`);
  if (body[meta.start] !== OPEN_OBJECT) return body;
  const old = findMember(body, meta, ROUTING);
  if (old === 'invalid') return body;
  if (old === 'absent') return insertMember(body, meta, `"routing":${text}`);
  const laidOver = { ...readObject(body, old), ...routing };
  return splice(body, old.start, old.end, JSON.stringify(laidOver));
}

export const JSON_DIALECT: Dialect = {
  contentType: 'application/json',
  empty: Buffer.from('{}'),
  readRoute: readJsonRoute,
  joinAnswers,
  average: averageJson,
  simpleModel: simpleModelJson,
  writeRouting,
  readFeedbackRouting(body) {
    const found = findPath(body, FEEDBACK_ROUTING);
    return typeof found === 'string' ? undefined : readObject(body, found);
  },
};
