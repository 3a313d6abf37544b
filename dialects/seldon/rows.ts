// How many rows a SeldonMessage has: the first dimension of its ndarray or tensor, as NumPy has it. Anything else is one row.
import { findIn, keys, type Span } from '../../lib/codecs/json/find.ts';
import {
  CLOSE_ARRAY,
  COMMA,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
} from '../../lib/codecs/json/scan.ts';
import { FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { DATA, LIST, TENSOR } from './fields.ts';
import { readArrayData, readInts } from './numbers-proto.ts';

const NDARRAY = keys('data', 'ndarray');
const SHAPE = keys('data', 'tensor', 'shape');
/** Digits of a dimension that are read. */
const MAX_DIGITS = 10;

/** Of the message that is exactly `message` in a JSON text. */
export function countRowsJson(body: Buffer, message: Span): number {
  const ndarray = findIn(body, message, NDARRAY);
  if (typeof ndarray !== 'string')
    return body[ndarray.start] === OPEN_ARRAY ? countItems(body, ndarray) : 1;
  const shape = findIn(body, message, SHAPE);
  if (typeof shape === 'string' || body[shape.start] !== OPEN_ARRAY) return 1;
  const start = skipSpace(body, shape.start + 1, shape.end);
  if (body[start] === CLOSE_ARRAY) return 1;
  const end = skipValue(body, start, shape.end);
  return believed(Number(body.toString('latin1', start, Math.min(end, start + MAX_DIGITS))), body);
}

/** Undefined: there is no message. */
export function countRowsProto(message: Buffer | undefined): number {
  if (message === undefined) return 1;
  const array = readArrayData(message);
  if (typeof array === 'string') return 1;
  if (array.field === DATA.tensor)
    return believed(readInts(array.payload, TENSOR.shape)?.[0] ?? Number.NaN, message);
  if (array.field !== DATA.ndarray) return 1;
  const reader = new FieldReader(array.payload);
  let rows = 0;
  while (reader.next()) if (reader.field === LIST.values) rows++;
  return rows;
}

/** What a tensor says of itself: a row takes a byte at least, so there are no more of them than bytes. */
function believed(rows: number, body: Buffer): number {
  return Number.isInteger(rows) && rows >= 0 ? Math.min(rows, body.length) : 1;
}

function countItems(body: Buffer, { start, end }: Span): number {
  let at = skipSpace(body, start + 1, end);
  if (body[at] === CLOSE_ARRAY) return 0;
  for (let items = 1; ; items++) {
    at = skipSpace(body, skipValue(body, at, end), end);
    if (body[at] !== COMMA) return items;
    at = skipSpace(body, at + 1, end);
  }
}
