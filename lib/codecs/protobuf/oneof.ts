// Reads a oneof as protobuf defines it: the member that came last counts, and a message member that came several
// times is the join of its occurrences. In: a message and the numbers of the members; out: the member that is set.
import { BYTES, FieldReader } from './reader.ts';

export interface Member {
  readonly field: number;
  readonly wire: number;
  readonly payload: Buffer;
}

/** undefined when no member is set; `broken` when the bytes are no protobuf. */
export function readOneof(
  bytes: Buffer,
  isMember: (field: number) => boolean,
): Member | undefined | 'broken' {
  const reader = new FieldReader(bytes);
  let field = 0;
  let wire = 0;
  let parts: Buffer[] = [];
  while (reader.next()) {
    if (!isMember(reader.field)) continue;
    if (reader.field !== field || reader.wire !== BYTES) parts = [];
    field = reader.field;
    wire = reader.wire;
    parts.push(reader.payload());
  }
  if (reader.broken) return 'broken';
  const [first] = parts;
  if (first === undefined) return undefined;
  return { field, wire, payload: parts.length === 1 ? first : Buffer.concat(parts) };
}

/** Joined payloads of a message field; undefined when it is absent or the bytes are no protobuf. */
export function readMessage(bytes: Buffer, field: number): Buffer | undefined {
  const member = readOneof(bytes, (each) => each === field);
  return member === undefined || member === 'broken' || member.wire !== BYTES
    ? undefined
    : member.payload;
}

/** A string field, of which the last one counts; '' when it is absent or the bytes are no protobuf. */
export function readString(bytes: Buffer, field: number): string {
  const reader = new FieldReader(bytes);
  let text = '';
  while (reader.next()) {
    if (reader.field === field && reader.wire === BYTES) text = reader.payload().toString('utf8');
  }
  return reader.broken ? '' : text;
}

/** The message's fields as they are, without those numbered `without`. */
export function fieldsWithout(bytes: Buffer, without: readonly number[]): Buffer[] {
  const reader = new FieldReader(bytes);
  const kept: Buffer[] = [];
  while (reader.next()) {
    if (!without.includes(reader.field)) kept.push(bytes.subarray(reader.tagStart, reader.end));
  }
  return kept;
}

/** Whether the bytes are a sequence of whole fields. Messages inside are not looked into. */
export function isProtobuf(bytes: Buffer): boolean {
  const reader = new FieldReader(bytes);
  while (reader.next());
  return !reader.broken;
}
