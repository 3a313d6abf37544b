// Finds members of JSON objects in bytes. In: bytes and a path of keys; out: where the value begins and ends. Of equal
// keys the last one counts, as with JSON.parse. Only the objects on the path are looked into; the rest is skipped
// (and checked on the way).
import {
  CLOSE_OBJECT,
  COMMA,
  NOT_JSON,
  OPEN_OBJECT,
  skipKey,
  skipSpace,
  skipString,
  skipValue,
} from './scan.ts';

/** Bytes `start` to `end` (exclusive) of a message. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `absent`: the path leads nowhere, or through something that is no object. `invalid`: no JSON. */
export type Found = Span | 'absent' | 'invalid';

const BACKSLASH = 0x5c;

/** The span of the whole text without the space around it; undefined when it is no JSON. */
export function wholeValue(bytes: Buffer): Span | undefined {
  const start = skipSpace(bytes, 0, bytes.length);
  const end = skipValue(bytes, start, bytes.length);
  if (end < 0 || skipSpace(bytes, end, bytes.length) !== bytes.length) return undefined;
  return { start, end };
}

export function keyIs(bytes: Buffer, start: number, end: number, key: Buffer): boolean {
  const written = end - start - 2;
  if (written === key.length && startsWith(bytes, start + 1, key)) return true;
  if (written <= key.length) return false;
  if (!bytes.subarray(start + 1, end - 1).includes(BACKSLASH)) return false;
  return JSON.parse(bytes.toString('utf8', start, end)) === key.toString('utf8');
}

/** Byte by byte: a key is shorter than what a call of `compare` takes. */
function startsWith(bytes: Buffer, start: number, key: Buffer): boolean {
  for (let at = 0; at < key.length; at++) if (bytes[start + at] !== key[at]) return false;
  return true;
}

/** Of the member that `scanObject` was asked for, the last of that name; −1 when there was none. */
let foundStart = -1;
let foundEnd = -1;

/** From an object's opening brace to behind its closing one, or NOT_JSON, looking for the member `key` on the way. */
function scanObject(bytes: Buffer, open: number, end: number, key: Buffer): number {
  foundStart = -1;
  let at = skipSpace(bytes, open + 1, end);
  if (at < end && bytes[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    const keyStart = at;
    const value = skipKey(bytes, at, end);
    if (value === NOT_JSON) return NOT_JSON;
    const after = skipValue(bytes, value, end);
    if (after === NOT_JSON) return NOT_JSON;
    if (keyIs(bytes, keyStart, skipString(bytes, keyStart, end), key)) {
      foundStart = value;
      foundEnd = after;
    }
    at = skipSpace(bytes, after, end);
    if (at >= end) return NOT_JSON;
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) return NOT_JSON;
    at = skipSpace(bytes, at + 1, end);
  }
}

/** The value of the last member `key` of the object that is exactly `object`. */
export function findMember(bytes: Buffer, object: Span, key: Buffer): Found {
  if (bytes[object.start] !== OPEN_OBJECT) return 'absent';
  if (scanObject(bytes, object.start, object.end, key) === NOT_JSON) return 'invalid';
  return foundStart < 0 ? 'absent' : { start: foundStart, end: foundEnd };
}

/** The value under `path` in the object that is exactly `object`. */
export function findIn(bytes: Buffer, object: Span, path: readonly Buffer[]): Found {
  let at: Found = object;
  for (const key of path) {
    at = findMember(bytes, at, key);
    if (typeof at === 'string') return at;
  }
  return at;
}

/** The value under `path` in a whole message. The pass that looks for the first key is the one that checks the message. */
export function findPath(bytes: Buffer, path: readonly Buffer[]): Found {
  const [first, ...below] = path;
  const start = skipSpace(bytes, 0, bytes.length);
  if (first === undefined || bytes[start] !== OPEN_OBJECT) {
    const whole = wholeValue(bytes);
    return whole === undefined ? 'invalid' : findIn(bytes, whole, path);
  }
  const after = scanObject(bytes, start, bytes.length, first);
  if (after === NOT_JSON || skipSpace(bytes, after, bytes.length) !== bytes.length)
    return 'invalid';
  if (foundStart < 0) return 'absent';
  return findIn(bytes, { start: foundStart, end: foundEnd }, below);
}

/** Keys as `findPath` wants them, made once. */
export function keys(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => Buffer.from(name));
}
