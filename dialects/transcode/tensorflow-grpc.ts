// TensorFlow's messages over gRPC in what a message says, and back. Written are numbers as `tensor_content` and texts as `string_val`.
import { readVarintWords } from '../../lib/codecs/protobuf/numbers.ts';
import { readMessage } from '../../lib/codecs/protobuf/oneof.ts';
import { BYTES, FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, int32Field, stringField, varint } from '../../lib/codecs/protobuf/writer.ts';
import type { Payload } from '../payload.ts';
import {
  DIM,
  ENTRY,
  MODEL_SPEC,
  PREDICT_REQUEST,
  PREDICT_RESPONSE,
  SHAPE,
  TENSOR,
} from '../tensorflow/fields.ts';
import {
  DATATYPES,
  readDtype,
  readNumbers,
  readShape,
  readTensors,
  SplatRoom,
} from '../tensorflow/tensors-grpc.ts';
import { numbersText, readRaw, stringsOf, textsOf, writeRaw } from './raw-text.ts';
import {
  fitsShape,
  grpcPayload,
  INPUT_NAME,
  OUTPUT_NAME,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';
import { sizeOf } from '../shape.ts';

const DT_STRING = 7;
const DTYPES: ReadonlyMap<string, number> = new Map(
  Array.from(DATATYPES, ([dtype, datatype]) => [datatype, dtype]),
);

type Elements = Pick<SaidTensor, 'text' | 'hasNonFinite' | 'content'>;

function stringsIn(tensor: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  const reader = new FieldReader(tensor);
  while (reader.next()) {
    if (reader.field === TENSOR.string && reader.wire === BYTES) strings.push(reader.payload());
  }
  return strings;
}

/** Integers of 64 bits to all of them, where none is left out. */
function exact(tensor: Buffer, datatype: string, count: number): Elements | undefined {
  const field = datatype === 'INT64' ? TENSOR.int64 : TENSOR.uint64;
  const words = readVarintWords(tensor, field);
  return words?.length === 8 * count ? readRaw(datatype, words) : undefined;
}

function elementsOf(
  name: string,
  tensor: Buffer,
  datatype: string,
  count: number,
  room: SplatRoom,
): Elements | string {
  const content = readMessage(tensor, TENSOR.content);
  if (content !== undefined && content.length > 0) {
    const raw = readRaw(datatype, content);
    return raw?.count === count ? raw : `tensor "${name}" does not fit its shape`;
  }
  const isLong = datatype === 'INT64' || datatype === 'UINT64';
  const long = isLong ? exact(tensor, datatype, count) : undefined;
  if (long !== undefined) return long;
  const numbers = readNumbers(name, tensor, room);
  if (typeof numbers === 'string') return numbers;
  return { ...numbersText(datatype, numbers.values), content: undefined };
}

function saidOf(name: string, tensor: Buffer, room: SplatRoom): SaidTensor | string {
  const dtype = readDtype(tensor);
  const shape = readShape(tensor);
  if (shape === undefined) return `tensor "${name}" has no shape`;
  const said = { name, shape, columns: undefined };
  const count = sizeOf(shape);
  if (!fitsShape(shape, count)) return `tensor "${name}" has no shape`;
  if (dtype === DT_STRING) {
    const strings = stringsIn(tensor);
    if (strings.length !== count) return `tensor "${name}" does not fit its shape`;
    const { texts, isBase64 } = textsOf(strings);
    const content = isBase64 ? 'base64' : undefined;
    const text = Buffer.from(texts.join(','));
    return { ...said, datatype: 'BYTES', text, hasNonFinite: false, content };
  }
  const datatype = DATATYPES.get(dtype);
  if (datatype === undefined) return `tensor "${name}" is of dtype ${dtype}`;
  const elements = elementsOf(name, tensor, datatype, count, room);
  return typeof elements === 'string' ? elements : { ...said, datatype, ...elements };
}

function read({ body }: Payload, isResponse: boolean): Said | string {
  const written = readTensors(body, isResponse ? PREDICT_RESPONSE.outputs : PREDICT_REQUEST.inputs);
  if (written === undefined) return 'the message is no protobuf of the protocol';
  const tensors: SaidTensor[] = [];
  const room = new SplatRoom();
  for (const [name, bytes] of written) {
    const tensor = saidOf(name, bytes, room);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return { tensors, id: undefined, parameters: undefined };
}

function writeTensor({ datatype, shape, text, content }: SaidTensor): Buffer | string {
  const dims = shape.map((size) =>
    bytesField(SHAPE.dim, Buffer.concat([varint(DIM.size * 8), varint(size)])),
  );
  const of = (dtype: number): Buffer[] => [
    int32Field(TENSOR.dtype, dtype),
    bytesField(TENSOR.shape, ...dims),
  ];
  if (datatype === 'BYTES') {
    const strings = stringsOf(text, content).map((each) => bytesField(TENSOR.string, each));
    return Buffer.concat([...of(DT_STRING), ...strings]);
  }
  const dtype = DTYPES.get(datatype);
  const raw = writeRaw(datatype, text, content);
  if (dtype === undefined || raw === undefined) return `its elements are none of ${datatype}`;
  return Buffer.concat([...of(dtype), bytesField(TENSOR.content, raw)]);
}

function write(tensors: readonly SaidTensor[], field: number, name: string): Buffer[] | string {
  const entries: Buffer[] = [];
  for (const tensor of tensors) {
    const written = writeTensor(tensor);
    if (typeof written === 'string') return written;
    const key = stringField(ENTRY.key, tensor.name || name);
    entries.push(bytesField(field, key, bytesField(ENTRY.value, written)));
  }
  return entries;
}

function spec(field: number, model: string): Buffer {
  return bytesField(field, stringField(MODEL_SPEC.name, model));
}

export const TENSORFLOW_GRPC_SPEAKER: Speaker = {
  read,
  writeRequest({ tensors }, model) {
    const inputs = write(tensors, PREDICT_REQUEST.inputs, INPUT_NAME);
    if (typeof inputs === 'string') return inputs;
    return grpcPayload([spec(PREDICT_REQUEST.modelSpec, model), ...inputs]);
  },
  writeResponse({ tensors }, _asked, model) {
    const outputs = write(tensors, PREDICT_RESPONSE.outputs, OUTPUT_NAME);
    if (typeof outputs === 'string') return outputs;
    return grpcPayload([...outputs, spec(PREDICT_RESPONSE.modelSpec, model)]);
  },
};
