// Typed contents of a tensor as raw ones: the same numbers, little-endian, each of its datatype's size; strings behind their length. Only
// where responses of both kinds are joined.
import { readFixed, readVarints, readVarintWords } from '../../lib/codecs/protobuf/numbers.ts';
import { BYTES, FieldReader, FIXED32, FIXED64 } from '../../lib/codecs/protobuf/reader.ts';
import { CONTENTS } from './fields.ts';
import type { WrittenTensor } from './tensors-grpc.ts';

const EMPTY = Buffer.alloc(0);

function bytesOf(array: ArrayBufferView | undefined): Buffer | undefined {
  return array === undefined
    ? undefined
    : Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** Varints as numbers of one of the types that views know. */
function cut(
  contents: Buffer,
  field: number,
  type: { from(values: Float64Array): ArrayBufferView },
): Buffer | undefined {
  const values = readVarints(contents, field, 'int32');
  return values === undefined ? undefined : bytesOf(type.from(values));
}

function readStrings(contents: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  const reader = new FieldReader(contents);
  while (reader.next()) {
    if (reader.field !== CONTENTS.bytes || reader.wire !== BYTES) continue;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(reader.end - reader.start);
    parts.push(length, reader.payload());
  }
  return reader.broken ? undefined : Buffer.concat(parts);
}

function convert(datatype: string, contents: Buffer): Buffer | undefined {
  switch (datatype) {
    case 'BOOL':
      return cut(contents, CONTENTS.bool, Uint8Array);
    case 'INT8':
      return cut(contents, CONTENTS.int, Int8Array);
    case 'INT16':
      return cut(contents, CONTENTS.int, Int16Array);
    case 'INT32':
      return cut(contents, CONTENTS.int, Int32Array);
    case 'UINT8':
      return cut(contents, CONTENTS.uint, Uint8Array);
    case 'UINT16':
      return cut(contents, CONTENTS.uint, Uint16Array);
    case 'UINT32':
      return cut(contents, CONTENTS.uint, Uint32Array);
    case 'INT64':
      return readVarintWords(contents, CONTENTS.int64);
    case 'UINT64':
      return readVarintWords(contents, CONTENTS.uint64);
    case 'FP32': {
      const values = readFixed(contents, CONTENTS.fp32, FIXED32);
      return values === undefined ? undefined : bytesOf(Float32Array.from(values));
    }
    case 'FP64':
      return bytesOf(readFixed(contents, CONTENTS.fp64, FIXED64));
    case 'BYTES':
      return readStrings(contents);
    default:
      return undefined;
  }
}

/** The raw contents of a tensor; undefined where its typed ones are broken, or of a type that has none. */
export function rawOf({ raw, contents, datatype }: WrittenTensor): Buffer | undefined {
  return raw ?? convert(datatype, contents ?? EMPTY);
}
