// Nested arrays in JSON as a flat list of elements with a shape, and back: the elements are never parsed, so that a number keeps its
// digits from one protocol to another. In: bytes and a span of valid JSON; out: shape, kind of the elements, and their text.
import type { Span } from '../../lib/codecs/json/find.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipString,
} from '../../lib/codecs/json/scan.ts';

/** `none`: there are no elements. `bytes`: objects, of which TensorFlow has one form, `{"b64": "…"}`. */
export type ElementKind = 'integer' | 'real' | 'boolean' | 'text' | 'bytes' | 'none';

export interface FlatJson {
  readonly shape: readonly number[];
  readonly kind: ElementKind;
  /** NaN or an infinity is among them. */
  readonly hasNonFinite: boolean;
  /** The elements with commas between them. */
  readonly text: Buffer;
}

const SPACE = 0x20;
const DOT = 0x2e;
/** More digits may not fit into 64 bits. */
const SAFE_DIGITS = 18;
const LEAST_INT64 = -(2n ** 63n);
const GREATEST_INT64 = 2n ** 63n - 1n;

function isEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte <= SPACE;
}

/** Behind a number or a word. */
function endOfWord(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && !isEnd(bytes[at] as number)) at++;
  return at;
}

function kindOfNumber(bytes: Buffer, start: number, end: number): ElementKind {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT || (byte | 0x20) === 0x65) return 'real';
  }
  if (end - start <= SAFE_DIGITS) return 'integer';
  const value = BigInt(bytes.toString('latin1', start, end));
  return value >= LEAST_INT64 && value <= GREATEST_INT64 ? 'integer' : 'real';
}

/** Of elements so far and the next one: numbers are real when one is. */
function joinKinds(known: ElementKind, next: ElementKind): ElementKind | undefined {
  if (known === 'none' || known === next) return next;
  const areNumbers =
    (known === 'integer' || known === 'real') && (next === 'integer' || next === 'real');
  return areNumbers ? 'real' : undefined;
}

/** Undefined where arrays are ragged, or their elements are of several kinds, null, or objects other than `bytes`. */
export function flattenJson(bytes: Buffer, { start, end }: Span): FlatJson | undefined {
  const text = Buffer.allocUnsafe(end - start);
  let length = 0;
  /** By axis: the length of its arrays, −1 until the first of them has closed; and what the open one holds. */
  const shape: number[] = [];
  const counts: number[] = [];
  let depth = 0;
  let kind: ElementKind = 'none';
  let hasNonFinite = false;
  let hasElements = false;
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number;
    if (byte === COMMA || byte <= SPACE) {
      at++;
      continue;
    }
    if (byte === CLOSE_ARRAY) {
      depth--;
      const count = counts[depth] as number;
      if (shape[depth] === -1) shape[depth] = count;
      else if (shape[depth] !== count) return undefined;
      at++;
      continue;
    }
    if (depth > 0) counts[depth - 1] = (counts[depth - 1] as number) + 1;
    if (byte === OPEN_ARRAY) {
      if (depth === shape.length) {
        // Elements stand on this level already.
        if (hasElements || shape.includes(0)) return undefined;
        shape.push(-1);
      }
      counts[depth++] = 0;
      at++;
      continue;
    }
    if (depth !== shape.length) return undefined;
    let next: ElementKind;
    let after: number;
    if (byte === QUOTE) {
      next = 'text';
      after = skipString(bytes, at, end);
    } else if (byte === OPEN_OBJECT) {
      next = 'bytes';
      after = endOfBase64(bytes, at, end);
      if (after < 0) return undefined;
    } else {
      after = endOfWord(bytes, at, end);
      if (byte === 0x74 || byte === 0x66) next = 'boolean';
      else if (byte === 0x6e) return undefined;
      else if (byte === 0x4e || byte === 0x49 || bytes[at + 1] === 0x49) {
        next = 'real';
        hasNonFinite = true;
      } else next = kindOfNumber(bytes, at, after);
    }
    const joined = joinKinds(kind, next);
    if (joined === undefined) return undefined;
    kind = joined;
    if (hasElements) text[length++] = COMMA;
    length += bytes.copy(text, length, at, after);
    hasElements = true;
    at = after;
  }
  return { shape, kind, hasNonFinite, text: text.subarray(0, length) };
}

const BASE64 = /^\{\s*"b64"\s*:\s*"[A-Za-z0-9+/_=-]*"\s*\}/;

/** Behind `{"b64":"…"}`; −1 for another object. */
function endOfBase64(bytes: Buffer, start: number, end: number): number {
  const close = bytes.indexOf(CLOSE_OBJECT, start);
  if (close < 0 || close >= end) return -1;
  return BASE64.test(bytes.toString('latin1', start, close + 1)) ? close + 1 : -1;
}

/** Position behind `count` elements from `at` on, and behind the comma that follows them. */
function skipElements(text: Buffer, start: number, count: number): number {
  let at = start;
  for (let left = count; left > 0; left--) {
    while (at < text.length && text[at] !== COMMA) {
      at = text[at] === QUOTE ? skipString(text, at, text.length) : at + 1;
    }
    if (left > 1) at++;
  }
  return at;
}

/** The sizes in a `shape`; undefined for what is no list of sizes. */
export function shapeAt(json: Buffer, span: Span | undefined): number[] | undefined {
  const flat = span === undefined ? undefined : flattenJson(json, span);
  if (flat === undefined || flat.shape.length !== 1) return undefined;
  const text = flat.text.toString('latin1');
  const shape = text === '' ? [] : text.split(',').map(Number);
  return shape.every((size) => Number.isSafeInteger(size) && size >= 0) ? shape : undefined;
}

/** Arrays that are written for a shape, the whole included. */
function listsOf(shape: readonly number[]): number {
  let lists = 0;
  let ofAxis = 1;
  for (const size of shape) {
    lists += ofAxis;
    ofAxis *= size;
  }
  return lists;
}

/** The elements as nested arrays of that shape; a shape without axes is one element alone. */
export function nestJson(shape: readonly number[], text: Buffer): Buffer {
  if (shape.length === 0) return text;
  // Brackets and a comma beside each array.
  const nested = Buffer.allocUnsafe(text.length + 3 * listsOf(shape));
  let length = 0;
  let at = 0;
  const write = (axis: number): void => {
    const size = shape[axis] as number;
    nested[length++] = OPEN_ARRAY;
    if (axis + 1 === shape.length) {
      const after = skipElements(text, at, size);
      if (after > at) length += text.copy(nested, length, at, after);
      at = after + 1;
    } else {
      for (let i = 0; i < size; i++) {
        if (i > 0) nested[length++] = COMMA;
        write(axis + 1);
      }
    }
    nested[length++] = CLOSE_ARRAY;
  };
  write(0);
  return nested.subarray(0, length);
}
