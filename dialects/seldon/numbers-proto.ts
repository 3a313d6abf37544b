// Reads and writes the numbers of a SeldonMessage in protobuf: tensors (packed or not) and nested ListValues.
import { readOneof } from '../../lib/codecs/protobuf/oneof.ts';
import {
  BYTES,
  FieldReader,
  FIXED64,
  readInt32,
  VARINT,
  varintEnd,
} from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { isArrayData, isMessageData, isValueKind, LIST, MESSAGE, TENSOR, VALUE } from './fields.ts';

/** Deepest nesting of ListValues, protobuf's own customary limit. */
const MAX_DEPTH = 100;

export interface ArrayData {
  readonly field: number;
  readonly payload: Buffer;
  /** The whole DefaultData that it is in. */
  readonly data: Buffer;
}

/** The tensor, ndarray or tftensor of a message; a text when it has none. */
export function readArrayData(body: Buffer): ArrayData | 'broken' | 'absent' {
  const data = readOneof(body, isMessageData);
  if (data === 'broken') return 'broken';
  if (data === undefined || data.field !== MESSAGE.data || data.wire !== BYTES) return 'absent';
  const array = readOneof(data.payload, isArrayData);
  if (array === 'broken') return 'broken';
  if (array === undefined || array.wire !== BYTES) return 'absent';
  return { field: array.field, payload: array.payload, data: data.payload };
}

/** All doubles of a repeated field, packed or not; undefined when the bytes are broken. */
export function readDoubles(bytes: Buffer, field: number): Float64Array | undefined {
  let count = 0;
  const counter = new FieldReader(bytes);
  while (counter.next()) {
    if (counter.field === field) count += Math.floor((counter.end - counter.start) / 8);
  }
  const values = new Float64Array(count);
  let next = 0;
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field !== field) continue;
    if (
      reader.wire !== FIXED64 &&
      (reader.wire !== BYTES || (reader.end - reader.start) % 8 !== 0)
    ) {
      return undefined;
    }
    for (let at = reader.start; at < reader.end; at += 8) values[next++] = bytes.readDoubleLE(at);
  }
  return reader.broken ? undefined : values;
}

/** All int32 of a repeated field, packed or not; undefined when the bytes are broken. */
export function readInts(bytes: Buffer, field: number): number[] | undefined {
  const reader = new FieldReader(bytes);
  const values: number[] = [];
  while (reader.next()) {
    if (reader.field !== field) continue;
    if (reader.wire !== VARINT && reader.wire !== BYTES) return undefined;
    for (let at = reader.start; at < reader.end; ) {
      const next = varintEnd(bytes, at, reader.end);
      if (next < 0) return undefined;
      values.push(readInt32(bytes, at, next));
      at = next;
    }
  }
  return reader.broken ? undefined : values;
}

/** A google.protobuf.Value as a number or nested arrays of them; undefined for anything else. */
function readValue(bytes: Buffer, depth: number): unknown {
  const kind = readOneof(bytes, isValueKind);
  if (kind === undefined || kind === 'broken') return undefined;
  if (kind.field === VALUE.number && kind.wire === FIXED64) return kind.payload.readDoubleLE(0);
  if (kind.field !== VALUE.list || kind.wire !== BYTES) return undefined;
  return readList(kind.payload, depth + 1);
}

/** A ListValue as nested arrays of numbers; undefined when it holds anything else or nests too deep. */
export function readList(bytes: Buffer, depth = 0): unknown[] | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const reader = new FieldReader(bytes);
  const values: unknown[] = [];
  while (reader.next()) {
    if (reader.field !== LIST.values || reader.wire !== BYTES) continue;
    const value = readValue(reader.payload(), depth);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return reader.broken ? undefined : values;
}

export function writeDoubles(field: number, values: ArrayLike<number>): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  for (let i = 0; i < values.length; i++) bytes.writeDoubleLE(values[i] as number, i * 8);
  return bytesField(field, bytes);
}

export function writeShape(shape: readonly number[]): Buffer {
  return bytesField(TENSOR.shape, ...shape.map((size) => varint(size)));
}

/** Bytes of a `values { number_value }` entry: tag, length 9, tag, double. */
const NUMBER_ENTRY_BYTES = 11;

/** A ListValue of nested arrays of that shape, row by row. */
export function writeList(shape: readonly number[], values: ArrayLike<number>): Buffer {
  let next = 0;
  const write = (axis: number): Buffer => {
    const length = shape[axis] ?? 0;
    if (axis < shape.length - 1) {
      const rows: Buffer[] = [];
      for (let i = 0; i < length; i++) {
        rows.push(bytesField(LIST.values, bytesField(VALUE.list, write(axis + 1))));
      }
      return Buffer.concat(rows);
    }
    const bytes = Buffer.allocUnsafe(length * NUMBER_ENTRY_BYTES);
    for (let at = 0; at < bytes.length; at += NUMBER_ENTRY_BYTES) {
      bytes[at] = LIST.values * 8 + BYTES;
      bytes[at + 1] = NUMBER_ENTRY_BYTES - 2;
      bytes[at + 2] = VALUE.number * 8 + FIXED64;
      bytes.writeDoubleLE(values[next++] as number, at + 3);
    }
    return bytes;
  };
  return write(0);
}
