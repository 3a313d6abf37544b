// AVERAGE_COMBINER over REST: the first response with the mean of all in the place of its tensors' numbers, each written as that
// response wrote it (nested, flat or binary). A mean of integers is FP64.
import {
  applyEdits,
  type Edit,
  growthOf,
  type Payload,
  type Unusable,
  unmergeable,
} from '../payload.ts';
import { writeValues } from '../tensors/datatypes.ts';
import { writeJsonNumbers } from '../tensors/json-numbers.ts';
import { type MeanTensor, meansOf } from '../tensors/mean.ts';
import { type Layout, readLayout } from './layout.ts';
import { type RestTensor, readTensors } from './tensors-rest.ts';

/** The edits of one tensor in the JSON, in the order of the text. */
function editsOf(tensor: RestTensor, mean: MeanTensor): Edit[] {
  const { datatype, data, binarySize } = tensor.written;
  const edits: Edit[] = [];
  if (datatype !== undefined && mean.datatype !== tensor.datatype) {
    edits.push({ ...datatype, by: Buffer.from(`"${mean.datatype}"`) });
  }
  if (tensor.dataShape !== undefined && data !== undefined) {
    edits.push({ ...data, by: writeJsonNumbers(tensor.dataShape, mean.values) });
  } else if (binarySize !== undefined) {
    const bytes = writeValues(mean.datatype, mean.values).length;
    edits.push({ ...binarySize, by: Buffer.from(String(bytes)) });
  }
  return edits.sort((a, b) => a.start - b.start);
}

function write(
  payload: Payload,
  layout: Layout,
  tensors: readonly RestTensor[],
  means: readonly MeanTensor[],
): Payload {
  const edits: Edit[] = [];
  const tail: Buffer[] = [];
  for (const [position, tensor] of tensors.entries()) {
    const mean = means[position] as MeanTensor;
    edits.push(...editsOf(tensor, mean));
    if (tensor.dataShape === undefined) tail.push(writeValues(mean.datatype, mean.values));
  }
  const head = payload.body.subarray(0, layout.json.length);
  return {
    body: Buffer.concat([...applyEdits(head, edits), ...tail]),
    contentType: payload.contentType,
    layout: layout.isBinary ? String(head.length + growthOf(edits)) : undefined,
  };
}

export function averageRest(payloads: readonly Payload[]): Payload | Unusable {
  const responses: RestTensor[][] = [];
  let firstLayout: Layout | undefined;
  for (const [position, payload] of payloads.entries()) {
    const layout = readLayout(payload);
    if (layout === undefined) return unmergeable('the response is not valid JSON', position);
    const tensors = readTensors(payload, layout);
    if (typeof tensors === 'string') return unmergeable(tensors, position);
    firstLayout ??= layout;
    responses.push(tensors);
  }
  const means = meansOf(responses);
  if ('code' in means) return means;
  const [first] = payloads;
  const [tensors] = responses;
  if (first === undefined || firstLayout === undefined || tensors === undefined) {
    return unmergeable('there is no response to average', 0);
  }
  return write(first, firstLayout, tensors, means);
}

/** Of a number in JSON its double, thrice (read, mean, list), and its text; a number takes two bytes at least. */
const BYTES_PER_BYTE = 16;

export function averageRestBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, { body }) => sum + BYTES_PER_BYTE * body.length, 0);
}
