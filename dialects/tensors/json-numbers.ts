// Arrays of numbers in JSON as V2 and TensorFlow Serving write them: nested or flat, with NaN, infinities and booleans.
// In: bytes and a span of valid JSON (but for those words); out: shape and doubles; and back to JSON.
import type { Span } from '../../lib/codecs/json/find.ts';
import { NumberList, readNumberList, writeNumbers } from '../../lib/codecs/json/numbers.ts';
import { OPEN_ARRAY, skipNumber, skipSpace } from '../../lib/codecs/json/scan.ts';

export interface JsonNumbers {
  /** Of the nested arrays; [] for a number on its own. */
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** Stand in for what JSON cannot say, while JSON.parse reads the rest: no text of a tensor holds strings of its own. */
const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

const list = new NumberList();

/** Undefined when the arrays are ragged or hold anything but numbers and booleans. */
export function readJsonNumbers(bytes: Buffer, span: Span): JsonNumbers | undefined {
  const shape = readNumberList(bytes, span.start, span.end, list);
  if (shape !== 'irregular' && shape !== 'long') {
    const values = list.values.slice(0, list.length);
    list.release();
    return { shape, values };
  }
  list.release();
  return readSlowly(bytes.toString('latin1', span.start, span.end));
}

/** Some number that is none, many long ones, or no array of numbers at all. */
function readSlowly(text: string): JsonNumbers | undefined {
  if (text.includes('"')) return undefined;
  const parsed: unknown = JSON.parse(text.replaceAll(/-?Infinity|NaN/g, '"$&"'));
  const shape: number[] = [];
  for (let level = parsed; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  return fill(parsed, shape, 0, values) ? { shape, values: Float64Array.from(values) } : undefined;
}

function fill(level: unknown, shape: readonly number[], axis: number, values: number[]): boolean {
  if (axis < shape.length) {
    if (!Array.isArray(level) || level.length !== shape[axis]) return false;
    return level.every((inner) => fill(inner, shape, axis + 1, values));
  }
  const value = numberOf(level);
  if (value === undefined) return false;
  values.push(value);
  return true;
}

/** null is how some servers write NaN. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null) return Number.NaN;
  return typeof value === 'string' ? WORDS[value] : undefined;
}

function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** Nested arrays of that shape, as JSON; numbers that are none as the words above. */
export function writeJsonNumbers(shape: readonly number[], values: Float64Array): Buffer {
  if (values.every(isPlain)) {
    const text = writeNumbers(shape, values);
    if (text !== 'long') return Buffer.from(text);
  }
  let next = 0;
  const write = (axis: number): string => {
    if (axis === shape.length) {
      const value = values[next++] as number;
      return Object.is(value, -0) ? '-0.0' : String(value);
    }
    const parts: string[] = [];
    for (let i = shape[axis] as number; i > 0; i--) parts.push(write(axis + 1));
    return `[${parts.join(',')}]`;
  };
  return Buffer.from(write(0), 'latin1');
}

/** The first number of arrays however deep; undefined where something else comes first. */
export function firstJsonNumber(bytes: Buffer, span: Span): number | undefined {
  let at = span.start;
  while (at < span.end && bytes[at] === OPEN_ARRAY) at = skipSpace(bytes, at + 1, span.end);
  const after = skipNumber(bytes, at, span.end);
  return after < 0 ? undefined : Number(bytes.toString('latin1', at, after));
}
