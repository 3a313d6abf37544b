// AVERAGE_COMBINER over REST. Only the numbers are parsed, from `data.ndarray` or `data.tensor` of each message; the
// mean takes their place in the first message, whose other bytes stay as they are.
import { findIn, findPath, keys, type Span } from '../json/find.ts';
import { flatten, meanOf, type NumberArray, sizeOf, unmergeable, writeNested } from './average.ts';
import type { Unusable } from './dialect.ts';

const DATA = keys('data');
const NDARRAY = keys('ndarray');
const SHAPE = keys('tensor', 'shape');
const VALUES = keys('tensor', 'values');

interface JsonArray extends NumberArray {
  readonly kind: 'ndarray' | 'tensor';
  /** The bytes that the mean replaces. */
  readonly span: Span;
}

/** The span is valid JSON by then. Keys and strings would make the data unusable anyway, so bytes may be characters. */
function parse(body: Buffer, span: Span): unknown {
  return JSON.parse(body.toString('latin1', span.start, span.end));
}

function readArray(body: Buffer): JsonArray | string {
  const data = findPath(body, DATA);
  if (data === 'invalid') return 'the answer is not valid JSON';
  if (data === 'absent') return 'the answer holds no data';
  const ndarray = findIn(body, data, NDARRAY);
  if (typeof ndarray !== 'string') {
    const flat = flatten(parse(body, ndarray));
    if (flat === undefined) return 'data.ndarray is no regular array of numbers';
    return { ...flat, kind: 'ndarray', span: ndarray };
  }
  const span = findIn(body, data, VALUES);
  if (typeof span === 'string') return 'the data is neither ndarray nor tensor';
  const flat = flatten(parse(body, span));
  if (flat === undefined || flat.shape.length !== 1) return 'data.tensor.values are no numbers';
  const shapeSpan = findIn(body, data, SHAPE);
  if (typeof shapeSpan === 'string') return { ...flat, kind: 'tensor', span };
  const shape = flatten(parse(body, shapeSpan))?.values ?? [];
  if (sizeOf(shape) !== flat.values.length) return 'data.tensor.shape does not fit the values';
  return { shape, values: flat.values, kind: 'tensor', span };
}

export function averageJson(bodies: readonly Buffer[]): Buffer | Unusable {
  const arrays: JsonArray[] = [];
  for (const [position, body] of bodies.entries()) {
    const array = readArray(body);
    if (typeof array === 'string') return unmergeable(array, position);
    arrays.push(array);
  }
  const mean = meanOf(arrays);
  if (!Array.isArray(mean)) return mean;
  const first = arrays[0] as JsonArray;
  const body = bodies[0] as Buffer;
  const written = first.kind === 'tensor' ? JSON.stringify(mean) : writeNested(first.shape, mean);
  return Buffer.concat([
    body.subarray(0, first.span.start),
    Buffer.from(written, 'latin1'),
    body.subarray(first.span.end),
  ]);
}
