// SIMPLE_MODEL in TensorFlow's protocol: the three class values that Seldon's old engine answers. Seldon defines none for it.
import { bytesField, int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import { type Payload, JSON_TYPE } from '../payload.ts';
import { writeValues } from '../tensors/datatypes.ts';
import { DIM, ENTRY, MODEL_SPEC, PREDICT_RESPONSE, SHAPE, TENSOR } from './fields.ts';

const VALUES = [0.1, 0.9, 0.5] as const;
const DT_DOUBLE = 2;

const REST: Payload = {
  body: Buffer.from(JSON.stringify({ predictions: [VALUES] })),
  contentType: JSON_TYPE,
  layout: undefined,
};

export function constantRest(): Payload {
  return REST;
}

function dim(size: number): Buffer {
  return bytesField(SHAPE.dim, int32Field(DIM.size, size));
}

const OUTPUT = bytesField(
  PREDICT_RESPONSE.outputs,
  stringField(ENTRY.key, 'predictions'),
  bytesField(
    ENTRY.value,
    int32Field(TENSOR.dtype, DT_DOUBLE),
    bytesField(TENSOR.shape, dim(1), dim(VALUES.length)),
    bytesField(TENSOR.content, writeValues('FP64', Float64Array.from(VALUES))),
  ),
);

export function constantGrpc(model: string): Payload {
  const spec = bytesField(PREDICT_RESPONSE.modelSpec, stringField(MODEL_SPEC.name, model));
  return { body: Buffer.concat([OUTPUT, spec]), contentType: undefined, layout: undefined };
}
