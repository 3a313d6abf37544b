// Repeated numbers in protobuf, packed or not. In: a message and a field's number; out: doubles, and back. Integers above 2^53
// become the nearest double.
import { BYTES, FieldReader, FIXED32, FIXED64, VARINT, varintEnd } from './reader.ts';

/** How a varint is read: its 64 bits as they are, as two's complement, or as the lower 32 of them. */
export type VarintKind = 'uint64' | 'int64' | 'int32';

/** The two halves of the varint that was read last. */
let low = 0;
let high = 0;

function readHalves(bytes: Buffer, start: number, end: number): void {
  low = 0;
  high = 0;
  for (let at = start, shift = 0; at < end; at++, shift += 7) {
    const part = (bytes[at] as number) & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high = part >>> 4;
    } else high |= part << (shift - 32);
  }
}

/** The varint in bytes `start` to `end`. */
export function readVarint(bytes: Buffer, start: number, end: number, kind: VarintKind): number {
  readHalves(bytes, start, end);
  if (kind === 'int32') return low;
  return (kind === 'int64' ? high : high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** Calls `take` for each varint of a field; false when the bytes are broken. */
function eachVarint(
  bytes: Buffer,
  field: number,
  take: (start: number, end: number) => void,
): boolean {
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field !== field) continue;
    if (reader.wire !== VARINT && reader.wire !== BYTES) return false;
    for (let at = reader.start; at < reader.end; ) {
      const next = varintEnd(bytes, at, reader.end);
      if (next < 0) return false;
      take(at, next);
      at = next;
    }
  }
  return !reader.broken;
}

/** All numbers of a field of varints; undefined when the bytes are broken. */
export function readVarints(
  bytes: Buffer,
  field: number,
  kind: VarintKind,
): Float64Array | undefined {
  const values: number[] = [];
  const isWhole = eachVarint(bytes, field, (start, end) =>
    values.push(readVarint(bytes, start, end, kind)),
  );
  return isWhole ? Float64Array.from(values) : undefined;
}

/** The same without loss: all 64 bits of each, little-endian. */
export function readVarintWords(bytes: Buffer, field: number): Buffer | undefined {
  const words: number[] = [];
  const isWhole = eachVarint(bytes, field, (start, end) => {
    readHalves(bytes, start, end);
    words.push(low, high);
  });
  return isWhole ? Buffer.from(Int32Array.from(words).buffer) : undefined;
}

/** All numbers of a field of doubles (FIXED64) or floats (FIXED32); undefined when the bytes are broken. */
export function readFixed(
  bytes: Buffer,
  field: number,
  wire: typeof FIXED64 | typeof FIXED32,
): Float64Array | undefined {
  const size = wire === FIXED64 ? 8 : 4;
  let count = 0;
  const counter = new FieldReader(bytes);
  while (counter.next()) {
    if (counter.field === field) count += Math.floor((counter.end - counter.start) / size);
  }
  const values = new Float64Array(count);
  let next = 0;
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field !== field) continue;
    const isPacked = reader.wire === BYTES && (reader.end - reader.start) % size === 0;
    if (reader.wire !== wire && !isPacked) return undefined;
    for (let at = reader.start; at < reader.end; at += size) {
      values[next++] = size === 8 ? bytes.readDoubleLE(at) : bytes.readFloatLE(at);
    }
  }
  return reader.broken ? undefined : values;
}
