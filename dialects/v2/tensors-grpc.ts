// The outputs of a V2 response over gRPC: their names, types, shapes and numbers, raw or in typed contents. In: a message; out:
// tensors, and the same tensors with other numbers, written as they came.
import { readFixed, readVarints } from '../../lib/codecs/protobuf/numbers.ts';
import { BYTES, FieldReader, FIXED32, FIXED64 } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField, stringField } from '../../lib/codecs/protobuf/writer.ts';
import { fieldsWithout } from '../../lib/codecs/protobuf/oneof.ts';
import { type Datatype, isDatatype, readValues, writeValues } from '../tensors/datatypes.ts';
import { type MeanTensor, type Tensor } from '../tensors/mean.ts';
import { CONTENTS, RESPONSE, TENSOR } from './fields.ts';
import { sizeOf } from '../shape.ts';

/** A tensor of a message as it is written. */
export interface WrittenTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** The whole InferOutputTensor. */
  readonly bytes: Buffer;
  readonly contents: Buffer | undefined;
  readonly raw: Buffer | undefined;
}

export interface GrpcTensor extends Tensor {
  readonly datatype: Datatype;
  readonly written: WrittenTensor;
}

function readTensor(bytes: Buffer, raw: Buffer | undefined): WrittenTensor | undefined {
  let name = '';
  let datatype = '';
  const contents: Buffer[] = [];
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.wire !== BYTES) continue;
    if (reader.field === TENSOR.name) name = reader.payload().toString();
    else if (reader.field === TENSOR.datatype) datatype = reader.payload().toString();
    else if (reader.field === TENSOR.contents) contents.push(reader.payload());
  }
  const shape = readVarints(bytes, TENSOR.shape, 'int64');
  if (reader.broken || shape === undefined) return undefined;
  return {
    name,
    datatype,
    shape: Array.from(shape),
    bytes,
    contents: contents.length === 0 ? undefined : Buffer.concat(contents),
    raw,
  };
}

/** All outputs of a ModelInferResponse; undefined when it is broken, or has raw contents for some of them only. */
export function readOutputs(body: Buffer): WrittenTensor[] | undefined {
  return readTensors(body, RESPONSE.raw);
}

/** The same of either message; `rawField`: the number of its raw contents. */
export function readTensors(body: Buffer, rawField: number): WrittenTensor[] | undefined {
  const tensors: Buffer[] = [];
  const raws: Buffer[] = [];
  const reader = new FieldReader(body);
  while (reader.next()) {
    if (reader.wire !== BYTES) continue;
    if (reader.field === RESPONSE.outputs) tensors.push(reader.payload());
    else if (reader.field === rawField) raws.push(reader.payload());
  }
  if (reader.broken || (raws.length > 0 && raws.length !== tensors.length)) return undefined;
  const written: WrittenTensor[] = [];
  for (const [position, bytes] of tensors.entries()) {
    const tensor = readTensor(bytes, raws[position]);
    if (tensor === undefined) return undefined;
    written.push(tensor);
  }
  return written;
}

function readContents(type: Datatype, contents: Buffer): Float64Array | undefined {
  switch (type) {
    case 'BOOL':
      return readVarints(contents, CONTENTS.bool, 'uint64')?.map((bit) => (bit === 0 ? 0 : 1));
    case 'INT8':
    case 'INT16':
    case 'INT32':
      return readVarints(contents, CONTENTS.int, 'int32');
    case 'INT64':
      return readVarints(contents, CONTENTS.int64, 'int64');
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return readVarints(contents, CONTENTS.uint, 'uint64');
    case 'UINT64':
      return readVarints(contents, CONTENTS.uint64, 'uint64');
    case 'FP32':
      return readFixed(contents, CONTENTS.fp32, FIXED32);
    case 'FP64':
      return readFixed(contents, CONTENTS.fp64, FIXED64);
    // The format has no typed contents for them.
    case 'FP16':
    case 'BF16':
      return undefined;
  }
}

const EMPTY = Buffer.alloc(0);

/** The tensor's numbers, or what is wrong with them. */
export function readNumbers(written: WrittenTensor): GrpcTensor | string {
  const { name, datatype, shape, raw, contents } = written;
  if (!isDatatype(datatype)) {
    return `output "${name}" is ${datatype === '' ? 'of no datatype' : datatype}`;
  }
  const values =
    raw === undefined ? readContents(datatype, contents ?? EMPTY) : readValues(datatype, raw);
  if (values === undefined) return `output "${name}" holds no numbers of its datatype`;
  if (values.length !== sizeOf(shape)) return `the data of output "${name}" do not fit its shape`;
  return { name, datatype, shape, values, written };
}

/** The tensor, and its raw contents where it has some, with the mean in the place of its numbers. */
export function writeTensor(
  { datatype, written }: GrpcTensor,
  mean: MeanTensor,
): { readonly tensor: Buffer; readonly raw: Buffer | undefined } {
  const isOther = mean.datatype !== datatype;
  const kept = fieldsWithout(
    written.bytes,
    isOther ? [TENSOR.datatype, TENSOR.contents] : [TENSOR.contents],
  );
  if (isOther) kept.push(stringField(TENSOR.datatype, mean.datatype));
  if (written.raw !== undefined) {
    return { tensor: Buffer.concat(kept), raw: writeValues(mean.datatype, mean.values) };
  }
  const field = mean.datatype === 'FP32' ? CONTENTS.fp32 : CONTENTS.fp64;
  kept.push(
    bytesField(TENSOR.contents, bytesField(field, writeValues(mean.datatype, mean.values))),
  );
  return { tensor: Buffer.concat(kept), raw: undefined };
}
