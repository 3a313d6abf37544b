// What a combiner is called with over gRPC: a PredictRequest whose inputs are the outputs of all responses. The protocol has no list of
// responses, and Seldon's executor no call for it. A name that an earlier response has used gets the number of its child.
import { bytesField, bytesHead, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { uniqueName } from '../tensors/unique-name.ts';
import { ENTRY, MODEL_SPEC, PREDICT_REQUEST } from './fields.ts';
import { readOutputs } from './tensors-grpc.ts';

export function findUnjoinableGrpc(payloads: readonly Payload[]): Unusable | undefined {
  const position = payloads.findIndex(({ body }) => readOutputs(body) === undefined);
  if (position < 0) return undefined;
  return { code: 'ANSWER_MALFORMED', info: 'the response is no PredictResponse', position };
}

export function joinGrpc(payloads: readonly Payload[], model: string): Pieces {
  const spec = stringField(MODEL_SPEC.name, model);
  const pieces: Buffer[] = [bytesField(PREDICT_REQUEST.modelSpec, spec)];
  const used = new Set<string>();
  for (const [child, { body }] of payloads.entries()) {
    for (const [name, tensor] of readOutputs(body) ?? []) {
      const key = stringField(ENTRY.key, uniqueName(used, name, child));
      const value = bytesHead(ENTRY.value, tensor.length);
      const length = key.length + value.length + tensor.length;
      pieces.push(bytesHead(PREDICT_REQUEST.inputs, length), key, value, tensor);
    }
  }
  return { pieces, contentType: undefined, layout: undefined };
}
