// SIMPLE_MODEL in the V2 protocol: the three class values that Seldon's old engine answers, as a tensor. Seldon defines none for V2.
import { bytesField, stringField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { writeValues } from '../tensors/datatypes.ts';
import { type Payload, JSON_TYPE } from '../payload.ts';
import { INFER, RESPONSE, TENSOR } from './fields.ts';

const VALUES = [0.1, 0.9, 0.5] as const;
const NAME = 'output-0';

export function constantRest(model: string): Payload {
  const output = { name: NAME, datatype: 'FP64', shape: [1, VALUES.length], data: VALUES };
  const body = Buffer.from(JSON.stringify({ model_name: model, outputs: [output] }));
  return { body, contentType: JSON_TYPE, layout: undefined };
}

const OUTPUT = bytesField(
  RESPONSE.outputs,
  stringField(TENSOR.name, NAME),
  stringField(TENSOR.datatype, 'FP64'),
  bytesField(TENSOR.shape, varint(1), varint(VALUES.length)),
);
const RAW = bytesField(RESPONSE.raw, writeValues('FP64', Float64Array.from(VALUES)));

export function constantGrpc(model: string): Payload {
  const body = Buffer.concat([stringField(INFER.modelName, model), OUTPUT, RAW]);
  return { body, contentType: undefined, layout: undefined };
}
