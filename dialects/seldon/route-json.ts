// A router's response over REST, in every form that the executor takes: a SeldonMessage with `data.ndarray`,
// `data.tensor` or `data.tftensor`, whose first value is the branch (truncated), or a plain array of integers.
import { findIn, findMember, keys, type Span, wholeValue } from '../../lib/codecs/json/find.ts';
import { OPEN_ARRAY, OPEN_OBJECT, skipNumber, skipSpace } from '../../lib/codecs/json/scan.ts';
import type { Unusable } from '../payload.ts';

const ZERO = 0x30;
const DATA = Buffer.from('data');
const NDARRAY = Buffer.from('ndarray');
const TENSOR_VALUES = keys('tensor', 'values');
const TF_INTS = [keys('tftensor', 'int_val'), keys('tftensor', 'intVal')];

const NOT_JSON: Unusable = {
  code: 'ANSWER_MALFORMED',
  info: 'the response to /route is not valid JSON',
  position: 0,
};
const NO_NUMBER: Unusable = {
  code: 'ROUTE_UNUSABLE',
  info: 'the response to /route holds no number where a branch is expected',
  position: 0,
};

/** The number at the head of an array, or of the array at its head when `nested`; undefined for anything else. */
function firstNumber(bytes: Buffer, span: Span, nested: boolean): number | undefined {
  if (bytes[span.start] !== OPEN_ARRAY) return undefined;
  let at = skipSpace(bytes, span.start + 1, span.end);
  if (nested && bytes[at] === OPEN_ARRAY) at = skipSpace(bytes, at + 1, span.end);
  const after = skipNumber(bytes, at, span.end);
  if (after < 0) return undefined;
  const isDigit = after === at + 1;
  return isDigit ? (bytes[at] as number) - ZERO : Number(bytes.toString('latin1', at, after));
}

/** The first number of what `data` holds: ndarray, tensor or tftensor. */
function branchOf(bytes: Buffer, data: Span): number | undefined {
  const ndarray = findMember(bytes, data, NDARRAY);
  if (typeof ndarray !== 'string') return firstNumber(bytes, ndarray, true);
  for (const path of [TENSOR_VALUES, ...TF_INTS]) {
    const values = findIn(bytes, data, path);
    if (typeof values !== 'string') return firstNumber(bytes, values, false);
  }
  return undefined;
}

export function readJsonRoute(body: Buffer): number | Unusable {
  const whole = wholeValue(body);
  if (whole === undefined) return NOT_JSON;
  if (body[whole.start] === OPEN_ARRAY) {
    const branch = firstNumber(body, whole, false);
    return branch === undefined || !Number.isInteger(branch) ? NO_NUMBER : branch;
  }
  if (body[whole.start] !== OPEN_OBJECT) return NO_NUMBER;
  const data = findMember(body, whole, DATA);
  const branch = typeof data === 'string' ? undefined : branchOf(body, data);
  // `+ 0` makes 0 of −0.
  return branch === undefined ? NO_NUMBER : Math.trunc(branch) + 0;
}
