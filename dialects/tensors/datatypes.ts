// The datatypes of tensors under the names of the V2 protocol, and their numbers as little-endian bytes: what the binary
// extension, raw gRPC contents and TensorFlow's `tensor_content` hold. In: bytes; out: doubles, and back. Integers above 2^53
// become the nearest double, as numpy's mean takes them.
import { readBf16, readFp16, writeBf16, writeFp16 } from './halves.ts';

export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'BF16'
  | 'FP32'
  | 'FP64';

/** Bytes of one number. */
export const DATATYPE_BYTES: Readonly<Record<Datatype, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
};

/** The types that a mean can have: those with fractions. */
export type MeanDatatype = 'FP16' | 'BF16' | 'FP32' | 'FP64';

export function isDatatype(name: string): name is Datatype {
  return Object.hasOwn(DATATYPE_BYTES, name);
}

function isMeanDatatype(type: Datatype): type is MeanDatatype {
  return type === 'FP16' || type === 'BF16' || type === 'FP32' || type === 'FP64';
}

/**
 * What a mean over tensors of these types is written as: the one floating-point type that all have; FP32 where they have several below
 * FP64; FP64 otherwise, since the mean of integers is no integer (as numpy has it).
 */
export function meanDatatype(types: readonly Datatype[]): MeanDatatype {
  const [first] = types;
  if (first === undefined || !types.every(isMeanDatatype)) return 'FP64';
  if (types.every((type) => type === first)) return first as MeanDatatype;
  return types.includes('FP64') ? 'FP64' : 'FP32';
}

/** The bytes in memory of their own, where a view of wider numbers may begin. Hosts are little-endian, as the bytes are. */
function aligned(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

function read16(bytes: Buffer, read: (bits: number) => number): Float64Array {
  return Float64Array.from(new Uint16Array(aligned(bytes)), read);
}

/** The high word of each pair counts 2^32; the sum is rounded once. */
function read64(words: Uint32Array, highs: Uint32Array | Int32Array): Float64Array {
  const values = new Float64Array(words.length / 2);
  for (let i = 0; i < values.length; i++) {
    values[i] = (highs[2 * i + 1] as number) * 2 ** 32 + (words[2 * i] as number);
  }
  return values;
}

/** All numbers of a tensor; undefined when the bytes are no whole number of them. */
export function readValues(type: Datatype, bytes: Buffer): Float64Array | undefined {
  if (bytes.length % DATATYPE_BYTES[type] !== 0) return undefined;
  switch (type) {
    case 'BOOL':
      return Float64Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
    case 'UINT8':
      return Float64Array.from(bytes);
    case 'INT8':
      return Float64Array.from(new Int8Array(aligned(bytes)));
    case 'UINT16':
      return Float64Array.from(new Uint16Array(aligned(bytes)));
    case 'INT16':
      return Float64Array.from(new Int16Array(aligned(bytes)));
    case 'UINT32':
      return Float64Array.from(new Uint32Array(aligned(bytes)));
    case 'INT32':
      return Float64Array.from(new Int32Array(aligned(bytes)));
    case 'UINT64': {
      const words = new Uint32Array(aligned(bytes));
      return read64(words, words);
    }
    case 'INT64': {
      const words = new Uint32Array(aligned(bytes));
      return read64(words, new Int32Array(words.buffer));
    }
    case 'FP16':
      return read16(bytes, readFp16);
    case 'BF16':
      return read16(bytes, readBf16);
    case 'FP32':
      return Float64Array.from(new Float32Array(aligned(bytes)));
    case 'FP64':
      return new Float64Array(aligned(bytes));
  }
}

/** The numbers as bytes, each rounded once. */
export function writeValues(type: MeanDatatype, values: Float64Array): Buffer {
  switch (type) {
    case 'FP16':
      return Buffer.from(Uint16Array.from(values, writeFp16).buffer);
    case 'BF16':
      return Buffer.from(Uint16Array.from(values, writeBf16).buffer);
    case 'FP32':
      return Buffer.from(Float32Array.from(values).buffer);
    case 'FP64':
      return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  }
}
