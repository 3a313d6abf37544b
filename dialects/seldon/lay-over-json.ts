// Writes routing into a JSON message: over the object that is at a path already, made where it is missing.
import { findMember, type Span } from '../../lib/codecs/json/find.ts';
import { CLOSE_OBJECT, OPEN_OBJECT, skipSpace } from '../../lib/codecs/json/scan.ts';
import type { Routing } from '../dialect.ts';
import { MAX_ROUTING_BYTES } from '../reading-limits.ts';

/** Lays `routing` over the object under `path`; the bytes unchanged where something else is there. */
export function layOver(
  bytes: Buffer,
  object: Span,
  path: readonly Buffer[],
  routing: Routing,
): Buffer {
  const [key, ...below] = path;
  if (key === undefined) return bytes;
  const found = findMember(bytes, object, key);
  if (found === 'invalid') return bytes;
  const text = JSON.stringify(routing);
  if (found === 'absent') return insertMember(bytes, object, nest(path, text).slice(1, -1));
  if (below.length === 0) {
    if (found.end - found.start > MAX_ROUTING_BYTES) return bytes;
    const laidOver = { ...readObject(bytes, found), ...routing };
    return splice(bytes, found.start, found.end, JSON.stringify(laidOver));
  }
  if (bytes[found.start] === 0x6e) return splice(bytes, found.start, found.end, nest(below, text));
  return bytes[found.start] === OPEN_OBJECT ? layOver(bytes, found, below, routing) : bytes;
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

/** `text` as the value of `path` in an object of its own. */
function nest(path: readonly Buffer[], text: string): string {
  return path.reduceRight((inner, key) => `{${JSON.stringify(key.toString())}:${inner}}`, text);
}
