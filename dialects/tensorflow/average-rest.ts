// AVERAGE_COMBINER over REST: the first response with the mean of all in the place of its numbers.
import { applyEdits, type Edit, type Payload, type Unusable, unmergeable } from '../payload.ts';
import { writeJsonNumbers } from '../tensors/json-numbers.ts';
import { meansOf } from '../tensors/mean.ts';
import { type RestTensor, readTensors } from './tensors-rest.ts';

export function averageRest(payloads: readonly Payload[]): Payload | Unusable {
  const responses: RestTensor[][] = [];
  for (const [position, { body }] of payloads.entries()) {
    const tensors = readTensors(body);
    if (typeof tensors === 'string') return unmergeable(tensors, position);
    responses.push(tensors);
  }
  const means = meansOf(responses);
  if ('code' in means) return means;
  const [first] = payloads;
  if (first === undefined) return unmergeable('there is no response to average', 0);
  const edits: Edit[] = [];
  for (const [position, { shape, span }] of (responses[0] ?? []).entries()) {
    const values = means[position]?.values ?? new Float64Array();
    edits.push({ ...span, by: writeJsonNumbers(shape, values) });
  }
  edits.sort((a, b) => a.start - b.start);
  return { ...first, body: Buffer.concat(applyEdits(first.body, edits)) };
}

/** Of a number its double, thrice (read, mean, list), and its text; a number takes two bytes at least. */
const BYTES_PER_BYTE = 16;

export function averageRestBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, { body }) => sum + BYTES_PER_BYTE * body.length, 0);
}
