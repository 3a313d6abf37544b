// Spans of the members of a JSON object by their names: what a protocol looks up in its messages. In: bytes and an object's span;
// out: of each name the last value.
import { JsonCursor } from '../../lib/codecs/json/cursor.ts';
import type { Span } from '../../lib/codecs/json/find.ts';
import { withoutNonFinite } from '../../lib/codecs/json/non-finite.ts';

const NOTHING: ReadonlyMap<string, Span> = new Map();

/** Empty for what is no object. */
export function membersOf(json: Buffer, span: Span | undefined): ReadonlyMap<string, Span> {
  if (span === undefined) return NOTHING;
  const cursor = new JsonCursor(json, span.start, span.end);
  if (!cursor.isObject) return NOTHING;
  const members = new Map<string, Span>();
  cursor.enter();
  while (cursor.nextMember()) {
    const key = cursor.key();
    const value = cursor.value();
    if (value !== undefined) members.set(key, value);
  }
  return members;
}

/** The elements of an array; undefined for what is none. */
export function elementsOf(json: Buffer, span: Span | undefined): Span[] | undefined {
  if (span === undefined) return undefined;
  const cursor = new JsonCursor(json, span.start, span.end);
  if (!cursor.isArray) return undefined;
  const elements: Span[] = [];
  cursor.enter();
  while (cursor.nextElement()) {
    const value = cursor.value();
    if (value !== undefined) elements.push(value);
  }
  return elements;
}

export interface ObjectMembers {
  /** The text as it can be scanned, NaN and infinities replaced. */
  readonly json: Buffer;
  readonly members: ReadonlyMap<string, Span>;
}

/** A whole body that is one object; undefined for anything else. */
export function readJsonBody(body: Buffer): ObjectMembers | undefined {
  for (const json of [body, withoutNonFinite(body)]) {
    if (json === undefined) continue;
    const cursor = new JsonCursor(json);
    const { isObject, at: start } = cursor;
    if (!isObject || !cursor.isOver()) continue;
    return { json, members: membersOf(json, { start, end: cursor.at }) };
  }
  return undefined;
}

export function writtenAt(json: Buffer, span: Span): string {
  return json.toString('utf8', span.start, span.end);
}

/** JSON of a value; undefined where there is none, or null. */
export function valueAt(json: Buffer, span: Span | undefined): string | undefined {
  const text = span === undefined ? 'null' : writtenAt(json, span);
  return text === 'null' ? undefined : text;
}

/** JSON of an object with members; undefined for anything else. */
export function objectTextAt(json: Buffer, span: Span | undefined): string | undefined {
  return membersOf(json, span).size > 0 ? valueAt(json, span) : undefined;
}

/** A text that is not JSON any more; '' for anything else. */
export function stringAt(json: Buffer, span: Span | undefined): string {
  const text = valueAt(json, span);
  return text?.startsWith('"') === true ? (JSON.parse(text) as string) : '';
}
