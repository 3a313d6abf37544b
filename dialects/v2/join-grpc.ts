// What a combiner is called with over gRPC: a request whose inputs are the outputs of all responses, in the order of the children. The
// protocol has no list of responses, and Seldon's executor no call for it. A name that an earlier response has used gets the number of
// its child; raw contents stay raw, and where only some responses have them the others' numbers are made raw.
import { fieldsWithout } from '../../lib/codecs/protobuf/oneof.ts';
import { bytesHead, stringField } from '../../lib/codecs/protobuf/writer.ts';
import type { Payload, Pieces, Unusable } from '../payload.ts';
import { INFER, REQUEST, TENSOR } from './fields.ts';
import { uniqueName } from '../tensors/unique-name.ts';
import { rawOf } from './raw-contents.ts';
import { readOutputs, type WrittenTensor } from './tensors-grpc.ts';

const NOTHING: readonly WrittenTensor[] = [];

/** The tensors of each response; undefined for one that is broken. */
function outputsOf(payloads: readonly Payload[]): (WrittenTensor[] | undefined)[] {
  return payloads.map(({ body }) => readOutputs(body));
}

function someRaw(responses: readonly (readonly WrittenTensor[])[]): boolean {
  return responses.some((outputs) => outputs.some(({ raw }) => raw !== undefined));
}

export function findUnjoinableGrpc(payloads: readonly Payload[]): Unusable | undefined {
  const responses = outputsOf(payloads);
  const broken = responses.indexOf(undefined);
  if (broken >= 0) {
    const info = 'the response is no ModelInferResponse';
    return { code: 'ANSWER_MALFORMED', info, position: broken };
  }
  const all = responses.map((outputs) => outputs ?? NOTHING);
  if (!someRaw(all)) return undefined;
  const position = all.findIndex((outputs) => outputs.some((each) => rawOf(each) === undefined));
  if (position < 0) return undefined;
  const info = 'its tensors cannot be written as raw contents, as those of another response are';
  return { code: 'ANSWER_MALFORMED', info, position };
}

export function joinGrpc(payloads: readonly Payload[], model: string): Pieces {
  const responses = outputsOf(payloads).map((outputs) => outputs ?? NOTHING);
  const isRaw = someRaw(responses);
  const pieces: Buffer[] = [stringField(INFER.modelName, model)];
  const raws: Buffer[] = [];
  const used = new Set<string>();
  for (const [child, outputs] of responses.entries()) {
    for (const tensor of outputs) {
      const name = uniqueName(used, tensor.name, child);
      const left = isRaw ? [TENSOR.name, TENSOR.contents] : [TENSOR.name];
      const fields = [stringField(TENSOR.name, name), ...fieldsWithout(tensor.bytes, left)];
      const length = fields.reduce((sum, field) => sum + field.length, 0);
      pieces.push(bytesHead(REQUEST.inputs, length), ...fields);
      const raw = isRaw ? rawOf(tensor) : undefined;
      if (raw !== undefined) raws.push(bytesHead(REQUEST.raw, raw.length), raw);
    }
  }
  return { pieces: [...pieces, ...raws], contentType: undefined, layout: undefined };
}
