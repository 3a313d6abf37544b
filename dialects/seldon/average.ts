// The element-wise mean of arrays of numbers: what AVERAGE_COMBINER does, whatever the messages are written in.
// In: one array for each child, flat, with its shape; out: a flat array of the same shape, or why there is none.
import { type Unusable, unmergeable } from '../payload.ts';
import { sameShape } from '../shape.ts';

/** Numbers in a row that may be written over. */
export type Numbers = number[] | Float64Array;

export interface NumberArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Numbers;
}

/** Mean of all `arrays`, which must be of one shape, written over the first; MERGE_UNUSABLE otherwise, or when a mean is no finite number. */
export function meanOf(arrays: readonly NumberArray[]): Numbers | Unusable {
  const first = arrays[0];
  if (first === undefined) return unmergeable('there is no response to average', 0);
  for (const [position, array] of arrays.entries()) {
    if (sameShape(first.shape, array.shape)) continue;
    const shapes = `[${array.shape.join(',')}], the first response's [${first.shape.join(',')}]`;
    return unmergeable(`the data's shape is ${shapes}`, position);
  }
  const means = first.values;
  const others = arrays.slice(1).map(({ values }) => values);
  for (let i = 0; i < means.length; i++) {
    let sum = means[i] as number;
    for (const values of others) sum += values[i] as number;
    let mean = sum / arrays.length;
    // The sum of large numbers may overflow where their mean does not.
    if (!Number.isFinite(mean)) {
      mean = 0;
      for (const { values } of arrays) mean += (values[i] as number) / arrays.length;
      if (!Number.isFinite(mean)) return unmergeable('the mean is no finite number', 0);
    }
    means[i] = mean;
  }
  return means;
}

/**
 * Shape and values of nested arrays; undefined when they are ragged or hold anything but numbers. A number on its own
 * has the shape [].
 */
export function flatten(nested: unknown): NumberArray | undefined {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  return fill(nested, shape, 0, values) ? { shape, values } : undefined;
}

function fill(level: unknown, shape: readonly number[], axis: number, values: number[]): boolean {
  if (axis === shape.length) {
    if (typeof level !== 'number') return false;
    values.push(level);
    return true;
  }
  if (!Array.isArray(level) || level.length !== shape[axis]) return false;
  if (axis + 1 < shape.length) {
    for (const inner of level) if (!fill(inner, shape, axis + 1, values)) return false;
    return true;
  }
  for (let i = 0; i < level.length; i++) {
    const value: unknown = level[i];
    if (typeof value !== 'number') return false;
    values.push(value);
  }
  return true;
}
