// What stand-ins do with the numbers of a message: small whole numbers in, small whole numbers out, exact in every datatype. A unit is
// its own by the name that it has in its predictor, and each method has a factor of its own, so that the response of a graph says which
// units were called, how and in which order. Whoever tests a graph computes what it has to answer by the same rules.

export type Method = 'predict' | 'transform-input' | 'transform-output';

const FACTORS: Readonly<Record<Method, number>> = {
  predict: 2,
  'transform-input': 3,
  'transform-output': 5,
};
const OFFSETS = 97;

export function unitKey(predictor: string, unit: string): string {
  return `${predictor}/${unit}`;
}

export function step(method: Method, key: string, value: number): number {
  return FACTORS[method] * value + offsetOf(key);
}

/** Of lists of one length: each counts by its place, so that their order matters. */
export function merge(key: string, lists: readonly (readonly number[])[]): number[] {
  const [first = []] = lists;
  return first.map((_, column) =>
    lists.reduce((sum, list, row) => sum + (row + 1) * (list[column] ?? Number.NaN), offsetOf(key)),
  );
}

/** The branch of a router over two: an odd first number goes to the second. */
export function branchOf(values: readonly number[]): number {
  return Math.abs(values[0] ?? 0) % 2;
}

function offsetOf(key: string): number {
  let sum = 0;
  for (const letter of Buffer.from(key)) sum = (sum * 31 + letter) % OFFSETS;
  return sum;
}

/** Applies to every number of nested arrays. */
export function mapNumbers(value: unknown, each: (value: number) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => mapNumbers(item, each));
  if (typeof value !== 'number') throw new Error(`not a number: ${JSON.stringify(value)}`);
  return each(value);
}

/** The numbers of nested arrays, in order. */
export function numbersIn(value: unknown): number[] {
  return Array.isArray(value) ? value.flatMap(numbersIn) : [Number(value)];
}
