// Maps of scalars in protobuf as the text of a JSON object, and back: V2's parameters and Seldon's tags. What is no scalar is left
// out: the message that was asked with has it still.
import { ENTRY, PARAMETER } from '../v2/fields.ts';
import { VALUE } from '../seldon/fields.ts';
import { readVarint } from '../../lib/codecs/protobuf/numbers.ts';
import { BYTES, FieldReader, FIXED64, VARINT } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, int32Field, stringField, varint } from '../../lib/codecs/protobuf/writer.ts';

/** JSON of the value in a message of one scalar; undefined for another. */
type ReadScalar = (reader: FieldReader) => string | undefined;

function doubleAt({ bytes, start }: FieldReader): string | undefined {
  const value = bytes.readDoubleLE(start);
  return Number.isFinite(value) ? String(value) : undefined;
}

function textAt(reader: FieldReader): string {
  return JSON.stringify(reader.payload().toString('utf8'));
}

function booleanAt({ bytes, start }: FieldReader): string {
  return String(bytes[start] !== 0);
}

export const readParameter: ReadScalar = (reader) => {
  const { field, wire, bytes, start, end } = reader;
  if (field === PARAMETER.bool && wire === VARINT) return booleanAt(reader);
  if (field === PARAMETER.int64 && wire === VARINT) {
    return String(readVarint(bytes, start, end, 'int64'));
  }
  if (field === PARAMETER.uint64 && wire === VARINT) {
    return String(readVarint(bytes, start, end, 'uint64'));
  }
  if (field === PARAMETER.string && wire === BYTES) return textAt(reader);
  return field === PARAMETER.double && wire === FIXED64 ? doubleAt(reader) : undefined;
};

export const readTag: ReadScalar = (reader) => {
  const { field, wire } = reader;
  if (field === VALUE.number && wire === FIXED64) return doubleAt(reader);
  if (field === VALUE.text && wire === BYTES) return textAt(reader);
  return field === VALUE.boolean && wire === VARINT ? booleanAt(reader) : undefined;
};

/** The entries of map `field` by name, as JSON. */
export function readScalars(
  message: Buffer,
  field: number,
  read: ReadScalar,
): ReadonlyMap<string, string> {
  const scalars = new Map<string, string>();
  const reader = new FieldReader(message);
  while (reader.next()) {
    if (reader.field !== field || reader.wire !== BYTES) continue;
    const entry = reader.inner();
    let key = '';
    let text: string | undefined;
    while (entry.next()) {
      if (entry.wire !== BYTES) continue;
      if (entry.field === ENTRY.key) key = entry.payload().toString('utf8');
      else if (entry.field === ENTRY.value) {
        const value = entry.inner();
        while (value.next()) text = read(value);
      }
    }
    if (text !== undefined) scalars.set(key, text);
  }
  return scalars;
}

/** JSON of an object; undefined for an empty one. */
export function objectText(scalars: ReadonlyMap<string, string>): string | undefined {
  if (scalars.size === 0) return undefined;
  return `{${Array.from(scalars, ([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = field * 8 + FIXED64;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

export function writeParameter(value: unknown): Buffer | undefined {
  if (typeof value === 'boolean') return int32Field(PARAMETER.bool, value ? 1 : 0);
  if (typeof value === 'string') return stringField(PARAMETER.string, value);
  if (typeof value !== 'number') return undefined;
  const isCount = Number.isSafeInteger(value) && value >= 0;
  return isCount
    ? Buffer.concat([varint(PARAMETER.int64 * 8 + VARINT), varint(value)])
    : doubleField(PARAMETER.double, value);
}

export function writeTag(value: unknown): Buffer | undefined {
  if (typeof value === 'boolean') return int32Field(VALUE.boolean, value ? 1 : 0);
  if (typeof value === 'string') return stringField(VALUE.text, value);
  return typeof value === 'number' ? doubleField(VALUE.number, value) : undefined;
}

/** The members of a JSON object that are scalars, as entries of map `field`. */
export function writeScalars(
  json: string | undefined,
  field: number,
  write: (value: unknown) => Buffer | undefined,
): Buffer[] {
  if (json === undefined) return [];
  return Object.entries(JSON.parse(json) as object).flatMap(([key, value]) => {
    const written = write(value);
    return written === undefined
      ? []
      : [bytesField(field, stringField(ENTRY.key, key), bytesField(ENTRY.value, written))];
  });
}
