// AVERAGE_COMBINER over REST. Only the numbers are read, from `data.ndarray` or `data.tensor` of each message; the
// mean takes their place in the first message, whose other bytes stay as they are.
import { findIn, findPath, keys, type Span } from '../../lib/codecs/json/find.ts';
import {
  NumberList,
  readNumberList,
  releaseText,
  writeNumbers,
} from '../../lib/codecs/json/numbers.ts';
import { flatten, meanOf, type NumberArray, type Numbers } from './average.ts';
import { COMMA } from '../../lib/codecs/json/scan.ts';
import { type Unusable, unmergeable } from '../payload.ts';
import { sizeOf } from '../shape.ts';

const DATA = keys('data');
const NDARRAY = keys('ndarray');
const SHAPE = keys('tensor', 'shape');
const VALUES = keys('tensor', 'values');

interface JsonArray extends NumberArray {
  readonly kind: 'ndarray' | 'tensor';
  /** The bytes that the mean replaces. */
  readonly span: Span;
}

/** One for the numbers of each response, for as many as most combiners have; averages are made one at a time. */
const LISTS = Array.from({ length: 4 }, () => new NumberList());

/** The span is valid JSON by then. Keys and strings would make the data unusable anyway, so bytes may be characters. */
function parse(body: Buffer, span: Span): unknown {
  return JSON.parse(body.toString('latin1', span.start, span.end));
}

function readSpan(body: Buffer, span: Span, list: NumberList): NumberArray | undefined {
  if (span.end - span.start > COUNTED_FROM_BYTES) {
    list.reserve(countNumbers(body, span.start, span.end));
  }
  const shape = readNumberList(body, span.start, span.end, list);
  if (shape === 'irregular') return undefined;
  if (shape === 'long') return flatten(parse(body, span));
  return { shape, values: list.values.subarray(0, list.length) };
}

function readArray(body: Buffer, position: number): JsonArray | string {
  const data = findPath(body, DATA);
  if (data === 'invalid') return 'the response is not valid JSON';
  if (data === 'absent') return 'the response holds no data';
  const list = LISTS[position] ?? new NumberList();
  const ndarray = findIn(body, data, NDARRAY);
  if (typeof ndarray !== 'string') {
    const flat = readSpan(body, ndarray, list);
    if (flat === undefined) return 'data.ndarray is no regular array of numbers';
    return { ...flat, kind: 'ndarray', span: ndarray };
  }
  const span = findIn(body, data, VALUES);
  if (typeof span === 'string') return 'the data is neither ndarray nor tensor';
  const flat = readSpan(body, span, list);
  if (flat === undefined || flat.shape.length !== 1) return 'data.tensor.values are no numbers';
  const shapeSpan = findIn(body, data, SHAPE);
  if (typeof shapeSpan === 'string') return { ...flat, kind: 'tensor', span };
  const shape = Array.from(flatten(parse(body, shapeSpan))?.values ?? []);
  if (sizeOf(shape) !== flat.values.length) return 'data.tensor.shape does not fit the values';
  return { shape, values: flat.values, kind: 'tensor', span };
}

/** The mean's text; valid until the next call. */
function write(shape: readonly number[], mean: Numbers): Buffer {
  const text = writeNumbers(shape, mean);
  return text === 'long' ? Buffer.from(writeNested(shape, Array.from(mean)), 'latin1') : text;
}

/** As `writeNumbers` does: −0 keeps its sign. */
function writeRow(values: readonly number[]): string {
  if (!values.some((value) => Object.is(value, -0))) return JSON.stringify(values);
  return `[${values.map((value) => (Object.is(value, -0) ? '-0.0' : String(value))).join(',')}]`;
}

/** JSON of nested arrays of that shape: the opposite of `flatten`. */
function writeNested(shape: readonly number[], values: readonly number[]): string {
  if (shape.length === 1) return writeRow(values);
  let next = 0;
  const writeAxis = (axis: number): string => {
    if (axis === shape.length) return JSON.stringify(values[next++]);
    const length = shape[axis] ?? 0;
    if (axis + 1 === shape.length) {
      next += length;
      return writeRow(values.slice(next - length, next));
    }
    let text = '[';
    for (let i = 0; i < length; i++)
      text += i === 0 ? writeAxis(axis + 1) : `,${writeAxis(axis + 1)}`;
    return `${text}]`;
  };
  return writeAxis(0);
}

/** From this size on a list is made as long as it has to be, so that it never grows. */
const COUNTED_FROM_BYTES = 256 * 1024;

/** At most so many numbers are there: one more than there are commas. */
function countNumbers(bytes: Buffer, start: number, end: number): number {
  let numbers = 1;
  for (let at = start; at < end; at++) if (bytes[at] === COMMA) numbers++;
  return numbers;
}

/** Of each number what its text becomes in memory, and of the first message's what the mean's becomes. */
const NUMBER_BYTES = 8;
const TEXT_BYTES = 26;

export function averageJsonBytes(bodies: readonly Buffer[]): number {
  let bytes = 0;
  for (const [position, body] of bodies.entries()) {
    const numbers = countNumbers(body, 0, body.length);
    bytes += NUMBER_BYTES * numbers;
    if (position === 0) bytes += 2 * TEXT_BYTES * numbers + body.length;
  }
  return bytes;
}

export function averageJson(bodies: readonly Buffer[]): Buffer | Unusable {
  const average = makeAverage(bodies);
  for (const list of LISTS) list.release();
  releaseText();
  return average;
}

function makeAverage(bodies: readonly Buffer[]): Buffer | Unusable {
  const arrays: JsonArray[] = [];
  for (const [position, body] of bodies.entries()) {
    const array = readArray(body, position);
    if (typeof array === 'string') return unmergeable(array, position);
    arrays.push(array);
  }
  const mean = meanOf(arrays);
  if ('code' in mean) return mean;
  const first = arrays[0] as JsonArray;
  const body = bodies[0] as Buffer;
  // A tensor's values are in one row, whatever its shape.
  const written = write(first.kind === 'tensor' ? [mean.length] : first.shape, mean);
  return Buffer.concat([
    body.subarray(0, first.span.start),
    written,
    body.subarray(first.span.end),
  ]);
}
