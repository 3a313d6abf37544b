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

function keyIs(bytes: Buffer, start: number, end: number, key: Buffer): boolean {
  const written = end - start - 2;
  if (written === key.length) {
    if (bytes.compare(key, 0, key.length, start + 1, end - 1) === 0) return true;
  }
  if (written <= key.length) return false;
  if (!bytes.subarray(start + 1, end - 1).includes(BACKSLASH)) return false;
  return JSON.parse(bytes.toString('utf8', start, end)) === key.toString('utf8');
}

/** The value of the last member `key` of the object that is exactly `object`. */
export function findMember(bytes: Buffer, object: Span, key: Buffer): Found {
  if (bytes[object.start] !== OPEN_OBJECT) return 'absent';
  const end = object.end;
  let found: Found = 'absent';
  let at = skipSpace(bytes, object.start + 1, end);
  if (at < end && bytes[at] === CLOSE_OBJECT) return found;
  for (;;) {
    const keyStart = at;
    const value = skipKey(bytes, at, end);
    if (value === NOT_JSON) return 'invalid';
    const after = skipValue(bytes, value, end);
    if (after === NOT_JSON) return 'invalid';
    if (keyIs(bytes, keyStart, skipString(bytes, keyStart, end), key)) {
      found = { start: value, end: after };
    }
    at = skipSpace(bytes, after, end);
    if (at >= end) return 'invalid';
    if (bytes[at] === CLOSE_OBJECT) return found;
    if (bytes[at] !== COMMA) return 'invalid';
    at = skipSpace(bytes, at + 1, end);
  }
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

/** The value under `path` in a whole message. */
export function findPath(bytes: Buffer, path: readonly Buffer[]): Found {
  const whole = wholeValue(bytes);
  return whole === undefined ? 'invalid' : findIn(bytes, whole, path);
}

/** Keys as `findPath` wants them, made once. */
export function keys(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => Buffer.from(name));
}
