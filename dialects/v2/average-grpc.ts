// AVERAGE_COMBINER over gRPC: the first response with the mean of all in the place of its tensors' numbers, raw where they were
// raw. A mean of integers is FP64.
import { fieldsWithout } from '../../lib/codecs/protobuf/oneof.ts';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { type Payload, type Unusable, unmergeable } from '../payload.ts';
import { type MeanTensor, meansOf } from '../tensors/mean.ts';
import { RESPONSE } from './fields.ts';
import { type GrpcTensor, readNumbers, readOutputs, writeTensor } from './tensors-grpc.ts';

function readResponse(body: Buffer): GrpcTensor[] | string {
  const outputs = readOutputs(body);
  if (outputs === undefined) return 'the response is no ModelInferResponse';
  const tensors: GrpcTensor[] = [];
  for (const written of outputs) {
    const tensor = readNumbers(written);
    if (typeof tensor === 'string') return tensor;
    tensors.push(tensor);
  }
  return tensors;
}

function write(body: Buffer, tensors: readonly GrpcTensor[], means: readonly MeanTensor[]): Buffer {
  const written = tensors.map((tensor, position) =>
    writeTensor(tensor, means[position] as MeanTensor),
  );
  return Buffer.concat([
    ...fieldsWithout(body, [RESPONSE.outputs, RESPONSE.raw]),
    ...written.map(({ tensor }) => bytesField(RESPONSE.outputs, tensor)),
    ...written.flatMap(({ raw }) => (raw === undefined ? [] : [bytesField(RESPONSE.raw, raw)])),
  ]);
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
  const body = write(payloads[0]?.body ?? Buffer.alloc(0), responses[0] ?? [], means);
  return { body, contentType: undefined, layout: undefined };
}

/** A number takes a byte at least, and is a double twice, three times where it is a varint. */
const BYTES_PER_BYTE = 40;

export function averageGrpcBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, { body }) => sum + BYTES_PER_BYTE * body.length, 0);
}
