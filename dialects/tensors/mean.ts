// AVERAGE_COMBINER over tensors: which tensors of the responses belong together, and their element-wise mean. In: for each
// response its tensors with their numbers as doubles; out: one list of means, or why there is none. NaN and infinities are
// numbers here: what the formats can say is passed on.
import { type Unusable, unmergeable } from '../payload.ts';
import { type Datatype, type MeanDatatype, meanDatatype } from './datatypes.ts';
import { sameShape } from '../shape.ts';

export interface Tensor {
  readonly name: string;
  /** undefined where the format names none. */
  readonly datatype: Datatype | undefined;
  readonly shape: readonly number[];
  /** Row-major; may be written over. */
  readonly values: Float64Array;
}

export interface MeanTensor {
  readonly datatype: MeanDatatype;
  readonly values: Float64Array;
}

/** The sum of large numbers may overflow where their mean does not. */
function carefulMean(columns: readonly Float64Array[], at: number): number {
  let mean = 0;
  for (const column of columns) mean += (column[at] as number) / columns.length;
  return mean;
}

/** Written into memory of its own, as the numbers may be needed again where a sum overflows. */
function meanOf(columns: readonly Float64Array[]): Float64Array {
  const [first, ...others] = columns as [Float64Array, ...Float64Array[]];
  const sums = Float64Array.from(first);
  for (const column of others) {
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (column[i] as number);
  }
  const count = columns.length;
  for (let i = 0; i < sums.length; i++) {
    const sum = sums[i] as number;
    sums[i] = Number.isFinite(sum) ? sum / count : carefulMean(columns, i);
  }
  return sums;
}

/** The tensors of a response by name: of equal names the first one counts. */
function byName(response: readonly Tensor[]): ReadonlyMap<string, Tensor> {
  return new Map(response.toReversed().map((tensor) => [tensor.name, tensor]));
}

/**
 * The mean of each of the first response's tensors. All responses must hold the same tensors in the same shapes; names do not matter where each
 * holds one. MERGE_UNUSABLE otherwise.
 */
export function meansOf(responses: readonly (readonly Tensor[])[]): MeanTensor[] | Unusable {
  const [first] = responses;
  if (first === undefined) return unmergeable('there is no response to average', 0);
  if (first.length === 0) return unmergeable('the response holds no tensor', 0);
  const alone = responses.every((response) => response.length === 1);
  const named = responses.map(byName);
  const means: MeanTensor[] = [];
  for (const wanted of first) {
    const tensors: Tensor[] = [];
    for (const [position, response] of responses.entries()) {
      const tensor = alone ? response[0] : named[position]?.get(wanted.name);
      if (tensor === undefined || response.length !== first.length) {
        const names = response.map(({ name }) => `"${name}"`).join(', ');
        return unmergeable(`the response holds ${names}, the first one "${wanted.name}"`, position);
      }
      if (!sameShape(wanted.shape, tensor.shape)) {
        const shapes = `[${tensor.shape.join(',')}], the first response's [${wanted.shape.join(',')}]`;
        return unmergeable(`the shape of "${tensor.name}" is ${shapes}`, position);
      }
      tensors.push(tensor);
    }
    const types = tensors.map(({ datatype }) => datatype ?? 'FP64');
    means.push({
      datatype: meanDatatype(types),
      values: meanOf(tensors.map(({ values }) => values)),
    });
  }
  return means;
}
