// V2 messages over gRPC in what a message says, and back. Written are raw contents, which every server of the protocol reads.
import { isProtobuf, readString } from '../../lib/codecs/protobuf/oneof.ts';
import { FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, stringField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { INFER, REQUEST, RESPONSE, TENSOR } from '../v2/fields.ts';
import { rawOf } from '../v2/raw-contents.ts';
import { readTensors, type WrittenTensor } from '../v2/tensors-grpc.ts';
import { readRaw, writeRaw } from './raw-text.ts';
import {
  fitsShape,
  grpcPayload,
  INPUT_NAME,
  OUTPUT_NAME,
  parseColumns,
  type Said,
  type SaidTensor,
  type Speaker,
} from './said.ts';
import { objectText, readParameter, readScalars, writeParameter, writeScalars } from './scalars.ts';
import type { Payload } from '../payload.ts';

/** Parameter of a tensor: JSON of the names of its columns. */
const COLUMNS = 'names';
const CONTENT = 'content_type';

/** A text of a parameter. */
function textOf(parameters: ReadonlyMap<string, string>, name: string): string {
  const text = parameters.get(name);
  return text?.startsWith('"') === true ? (JSON.parse(text) as string) : '';
}

function saidOf(written: WrittenTensor): SaidTensor | string {
  const { name, datatype, shape, bytes } = written;
  const raw = rawOf(written);
  const read = raw === undefined ? undefined : readRaw(datatype, raw);
  if (read === undefined) return `tensor "${name}" has no data of its datatype`;
  if (!fitsShape(shape, read.count)) return `tensor "${name}" does not fit its shape`;
  const parameters = readScalars(bytes, TENSOR.parameters, readParameter);
  const type = textOf(parameters, CONTENT);
  return {
    name,
    datatype,
    shape,
    text: read.text,
    hasNonFinite: read.hasNonFinite,
    columns: parseColumns(textOf(parameters, COLUMNS)),
    content: read.content ?? (type === 'str' ? 'str' : undefined),
  };
}

function has(body: Buffer, field: number): boolean {
  const reader = new FieldReader(body);
  while (reader.next()) if (reader.field === field) return true;
  return false;
}

function read({ body }: Payload, isResponse: boolean): Said | string {
  const written = readTensors(body, isResponse ? RESPONSE.raw : REQUEST.raw);
  if (written === undefined) return 'the message is no protobuf of the protocol';
  const tensors: SaidTensor[] = [];
  for (const each of written) {
    const tensor = saidOf(each);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  const id = readString(body, INFER.id);
  return {
    tensors,
    id: id === '' ? undefined : JSON.stringify(id),
    parameters: objectText(readScalars(body, INFER.parameters, readParameter)),
  };
}

function writeTensor(tensor: SaidTensor, name: string): { tensor: Buffer; raw: Buffer } | string {
  const raw = writeRaw(tensor.datatype, tensor.text, tensor.content);
  if (raw === undefined) return `its elements are none of ${tensor.datatype}`;
  const parameters = {
    ...(tensor.content === undefined ? {} : { [CONTENT]: tensor.content }),
    ...(tensor.columns === undefined ? {} : { [COLUMNS]: tensor.columns }),
  };
  const written = bytesField(
    REQUEST.inputs,
    stringField(TENSOR.name, tensor.name || name),
    stringField(TENSOR.datatype, tensor.datatype),
    bytesField(TENSOR.shape, ...tensor.shape.map((size) => varint(size))),
    ...writeScalars(JSON.stringify(parameters), TENSOR.parameters, writeParameter),
  );
  return { tensor: written, raw };
}

function write(said: Said, model: string, rawField: number, name: string): Payload | string {
  const pieces: Buffer[] = [stringField(INFER.modelName, model)];
  if (said.id !== undefined) pieces.push(stringField(INFER.id, String(JSON.parse(said.id))));
  pieces.push(Buffer.concat(writeScalars(said.parameters, INFER.parameters, writeParameter)));
  const raws: Buffer[] = [];
  for (const each of said.tensors) {
    const written = writeTensor(each, name);
    if (typeof written === 'string') return written;
    pieces.push(written.tensor);
    raws.push(bytesField(rawField, written.raw));
  }
  return grpcPayload([...pieces, ...raws]);
}

export const V2_GRPC_SPEAKER: Speaker = {
  read,
  writeRequest: (said, model) => write(said, model, REQUEST.raw, INPUT_NAME),
  writeResponse(said, { body }, model) {
    const id = isProtobuf(body) && has(body, INFER.id) ? readString(body, INFER.id) : '';
    const known = { ...said, id: id === '' ? undefined : JSON.stringify(id) };
    return write(known, model, RESPONSE.raw, OUTPUT_NAME);
  },
};
