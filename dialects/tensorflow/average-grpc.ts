// AVERAGE_COMBINER over gRPC: the first response with the mean of all in the place of its tensors' numbers. A mean of integers is
// DT_DOUBLE.
import { fieldsWithout } from '../../lib/codecs/protobuf/oneof.ts';
import { bytesField, stringField } from '../../lib/codecs/protobuf/writer.ts';
import { type Payload, type Unusable, unmergeable } from '../payload.ts';
import { type MeanTensor, meansOf } from '../tensors/mean.ts';
import { ENTRY, PREDICT_RESPONSE } from './fields.ts';
import {
  type GrpcTensor,
  MAX_SPLAT,
  readNumbers,
  readOutputs,
  SplatRoom,
  writeTensor,
} from './tensors-grpc.ts';

function readResponse(body: Buffer): GrpcTensor[] | string {
  const outputs = readOutputs(body);
  if (outputs === undefined) return 'the response is no PredictResponse';
  const tensors: GrpcTensor[] = [];
  const room = new SplatRoom();
  for (const [name, bytes] of outputs) {
    const tensor = readNumbers(name, bytes, room);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return tensors;
}

export function averageGrpc(payloads: readonly Payload[]): Payload | Unusable {
  const responses: GrpcTensor[][] = [];
  for (const [position, { body }] of payloads.entries()) {
    const tensors = readResponse(body);
    if (typeof tensors === 'string') return unmergeable(tensors, position);
    responses.push(tensors);
  }
  const means = meansOf(responses);
  if ('code' in means) return means;
  const entries = (responses[0] ?? []).map((tensor, position) =>
    bytesField(
      PREDICT_RESPONSE.outputs,
      stringField(ENTRY.key, tensor.name),
      bytesField(ENTRY.value, writeTensor(tensor, means[position] as MeanTensor)),
    ),
  );
  const kept = fieldsWithout(payloads[0]?.body ?? Buffer.alloc(0), [PREDICT_RESPONSE.outputs]);
  return { body: Buffer.concat([...entries, ...kept]), contentType: undefined, layout: undefined };
}

/** A number takes a byte at least, and is a double twice, three times where it is a varint. */
const BYTES_PER_BYTE = 40;
/** Doubles that no bytes stand for, likewise. */
const SPLAT_BYTES = 24 * MAX_SPLAT;

export function averageGrpcBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, { body }) => sum + BYTES_PER_BYTE * body.length + SPLAT_BYTES, 0);
}
