// TensorProtos in the map of a PredictResponse: names, types, shapes and numbers, as `tensor_content` or in typed lists. In: a
// message; out: tensors, and the same tensors with other numbers, written as they came.
import { readFixed, readVarints } from '../../lib/codecs/protobuf/numbers.ts';
import { fieldsWithout, readMessage } from '../../lib/codecs/protobuf/oneof.ts';
import { BYTES, FieldReader, FIXED32, FIXED64, VARINT } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, int32Field, varint } from '../../lib/codecs/protobuf/writer.ts';
import { type Datatype, type MeanDatatype, readValues, writeValues } from '../tensors/datatypes.ts';
import { readBf16, readFp16, writeBf16, writeFp16 } from '../tensors/halves.ts';
import { type MeanTensor, type Tensor } from '../tensors/mean.ts';
import { DIM, ENTRY, PREDICT_RESPONSE, SHAPE, TENSOR } from './fields.ts';
import { sizeOf } from '../shape.ts';

export const DATATYPES: ReadonlyMap<number, Datatype> = new Map([
  [1, 'FP32'],
  [2, 'FP64'],
  [3, 'INT32'],
  [4, 'UINT8'],
  [5, 'INT16'],
  [6, 'INT8'],
  [9, 'INT64'],
  [10, 'BOOL'],
  [14, 'BF16'],
  [17, 'UINT16'],
  [19, 'FP16'],
  [22, 'UINT32'],
  [23, 'UINT64'],
]);
const MEAN_DTYPES: Readonly<Record<MeanDatatype, number>> = {
  FP32: 1,
  FP64: 2,
  BF16: 14,
  FP16: 19,
};
/** Fields that hold numbers. */
const NUMBERS = [
  TENSOR.content,
  TENSOR.float,
  TENSOR.double,
  TENSOR.int,
  TENSOR.int64,
  TENSOR.bool,
  TENSOR.half,
  TENSOR.uint32,
  TENSOR.uint64,
];
/** A splat says much with few bytes; more numbers than that, of all tensors of a message, are not made of it. */
export const MAX_SPLAT = 1 << 16;

/** What is left of them for a message. */
export class SplatRoom {
  #left = MAX_SPLAT;
  take(count: number): boolean {
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}

export interface GrpcTensor extends Tensor {
  readonly datatype: Datatype;
  /** The whole TensorProto. */
  readonly bytes: Buffer;
  readonly hasContent: boolean;
}

/** The entries of the map by name: of equal names the last one counts. Undefined: broken. */
export function readOutputs(body: Buffer): Map<string, Buffer> | undefined {
  return readTensors(body, PREDICT_RESPONSE.outputs);
}

/** The same of map `field`, of either message. */
export function readTensors(body: Buffer, field: number): Map<string, Buffer> | undefined {
  const outputs = new Map<string, Buffer>();
  const reader = new FieldReader(body);
  while (reader.next()) {
    if (reader.field !== field || reader.wire !== BYTES) continue;
    const entry = reader.inner();
    let name = '';
    let tensor: Buffer = Buffer.alloc(0);
    while (entry.next()) {
      if (entry.wire !== BYTES) continue;
      if (entry.field === ENTRY.key) name = entry.payload().toString();
      else if (entry.field === ENTRY.value) tensor = entry.payload();
    }
    if (entry.broken) return undefined;
    outputs.set(name, tensor);
  }
  return reader.broken ? undefined : outputs;
}

/** Undefined for an unknown rank, a dimension that is not known, and broken bytes. */
export function readShape(tensor: Buffer): number[] | undefined {
  const shape = readMessage(tensor, TENSOR.shape);
  if (shape === undefined) return [];
  const sizes: number[] = [];
  const reader = new FieldReader(shape);
  while (reader.next()) {
    if (reader.field === SHAPE.unknownRank) return undefined;
    if (reader.field !== SHAPE.dim || reader.wire !== BYTES) continue;
    const size = readVarints(reader.payload(), DIM.size, 'int64');
    const last = size?.at(-1) ?? 0;
    if (size === undefined || last < 0 || !Number.isSafeInteger(last)) return undefined;
    sizes.push(last);
  }
  return reader.broken ? undefined : sizes;
}

function readTyped(tensor: Buffer, type: Datatype): Float64Array | undefined {
  switch (type) {
    case 'FP32':
      return readFixed(tensor, TENSOR.float, FIXED32);
    case 'FP64':
      return readFixed(tensor, TENSOR.double, FIXED64);
    case 'FP16':
      return readVarints(tensor, TENSOR.half, 'int32')?.map((bits) => readFp16(bits & 0xffff));
    case 'BF16':
      return readVarints(tensor, TENSOR.half, 'int32')?.map((bits) => readBf16(bits & 0xffff));
    case 'BOOL':
      return readVarints(tensor, TENSOR.bool, 'uint64')?.map((bit) => (bit === 0 ? 0 : 1));
    case 'INT64':
      return readVarints(tensor, TENSOR.int64, 'int64');
    case 'UINT32':
      return readVarints(tensor, TENSOR.uint32, 'uint64');
    case 'UINT64':
      return readVarints(tensor, TENSOR.uint64, 'uint64');
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'UINT8':
    case 'UINT16':
      return readVarints(tensor, TENSOR.int, 'int32');
  }
}

/** A list that is shorter than the tensor goes on with its last number, an empty one with zeros, as TensorFlow reads it. */
function splat(values: Float64Array, count: number, room: SplatRoom): Float64Array | undefined {
  if (values.length === count) return values;
  if (values.length > count || !room.take(count - values.length)) return undefined;
  const all = new Float64Array(count).fill(values.at(-1) ?? 0);
  all.set(values);
  return all;
}

/** A varint field's last value; 0 when it is absent. */
export function readDtype(tensor: Buffer): number {
  const reader = new FieldReader(tensor);
  let dtype = 0;
  while (reader.next()) {
    if (reader.field === TENSOR.dtype && reader.wire === VARINT) dtype = tensor[reader.start] ?? 0;
  }
  return reader.broken ? 0 : dtype;
}

/** The tensor's numbers, or what is wrong with them. */
export function readNumbers(name: string, bytes: Buffer, room: SplatRoom): GrpcTensor | string {
  const dtype = readDtype(bytes);
  const datatype = DATATYPES.get(dtype);
  if (datatype === undefined)
    return `output "${name}" is of dtype ${dtype}, which holds no numbers`;
  const shape = readShape(bytes);
  if (shape === undefined) return `output "${name}" has no shape`;
  const count = sizeOf(shape);
  const content = readMessage(bytes, TENSOR.content);
  const hasContent = content !== undefined && content.length > 0;
  let values = hasContent ? readValues(datatype, content) : readTyped(bytes, datatype);
  if (values !== undefined && !hasContent) values = splat(values, count, room);
  if (values?.length !== count) return `the data of output "${name}" do not fit its shape`;
  return { name, datatype, shape, values, bytes, hasContent };
}

function writeTyped(type: MeanDatatype, values: Float64Array): Buffer {
  switch (type) {
    case 'FP32':
      return bytesField(TENSOR.float, writeValues('FP32', values));
    case 'FP64':
      return bytesField(TENSOR.double, writeValues('FP64', values));
    case 'FP16':
      return bytesField(
        TENSOR.half,
        Buffer.concat(Array.from(values, (value) => varint(writeFp16(value)))),
      );
    case 'BF16':
      return bytesField(
        TENSOR.half,
        Buffer.concat(Array.from(values, (value) => varint(writeBf16(value)))),
      );
  }
}

/** The TensorProto with the mean in the place of its numbers. */
export function writeTensor(tensor: GrpcTensor, { datatype, values }: MeanTensor): Buffer {
  const written = tensor.hasContent
    ? bytesField(TENSOR.content, writeValues(datatype, values))
    : writeTyped(datatype, values);
  return Buffer.concat([
    int32Field(TENSOR.dtype, MEAN_DTYPES[datatype]),
    ...fieldsWithout(tensor.bytes, [TENSOR.dtype, ...NUMBERS]),
    written,
  ]);
}
