// Nested arrays of numbers in JSON: read into one flat list without building the arrays, and written from it. Numbers of up to
// fifteen digits, which is what most models answer, are computed here; JSON.parse and String know the rest.
import { freeMemory } from '../../runtime/free-memory.ts';
import { CLOSE_ARRAY, COMMA, OPEN_ARRAY } from './scan.ts';

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const SPACE = 0x20;
/** `e` or `E`, whatever bit 0x20 says. */
const EXPONENT = 0x65;
const LOWER_CASE = 0x20;

/** A mantissa below it may take one digit more and is exact still: (2^53 - 10) / 10. */
const LAST_EXACT = 900_719_925_474_098;
/** Those are exact doubles, so that one multiplication or division with them is rounded once and right. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** More is not counted. */
const MAX_EXPONENT = 10_000;

const FIRST_CAPACITY = 256;
/** Numbers and bytes that are kept for the next message: 1 MiB each. */
const KEPT_NUMBERS = 1 << 17;
const KEPT_BYTES = 1 << 20;

/** A list of numbers that grows, and whose memory is used again. */
export class NumberList {
  values: Float64Array = new Float64Array(FIRST_CAPACITY);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  /** Makes room for so many, in place of what is there. */
  reserve(count: number): void {
    if (count > this.values.length) this.values = new Float64Array(count);
    this.length = 0;
  }

  clear(): void {
    this.length = 0;
  }

  /** Gives back what a very large message took. */
  release(): void {
    if (this.values.length <= KEPT_NUMBERS) return;
    freeMemory(new Uint8Array(this.values.buffer));
    this.values = new Float64Array(FIRST_CAPACITY);
  }
}

/**
 * Fills `list` with the numbers of the value from `start` to `end`, which is valid JSON, and returns its shape; that of a number on its
 * own is []. `irregular`: the arrays are ragged or hold anything but numbers. `long`: many of the numbers have more digits than are
 * computed here, so that JSON.parse is faster.
 */
export function readNumberList(
  bytes: Buffer,
  start: number,
  end: number,
  list: NumberList,
): readonly number[] | 'irregular' | 'long' {
  list.clear();
  longRead = 0;
  /** By axis: the length of its arrays, -1 until the first of them has closed. */
  const shape: number[] = [];
  /** By axis: what the open array holds; that of the deepest one is in `count`. */
  const counts: number[] = [];
  let count = 0;
  let depth = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number;
    if (byte === COMMA || byte <= SPACE) {
      at++;
    } else if (byte === OPEN_ARRAY) {
      if (depth === shape.length) {
        // Numbers stand on this level already.
        if (list.length > 0) return 'irregular';
        shape.push(-1);
      }
      counts[depth++] = count + 1;
      count = 0;
      at++;
    } else if (byte === CLOSE_ARRAY) {
      depth--;
      if (shape[depth] === -1) shape[depth] = count;
      else if (shape[depth] !== count) return 'irregular';
      count = counts[depth] as number;
      at++;
    } else {
      if (depth !== shape.length) return 'irregular';
      at = readNumber(bytes, at, end);
      if (at < 0) return 'irregular';
      if (longRead > FEW) return 'long';
      list.push(numberRead);
      count++;
    }
  }
  return shape;
}

/** So many long numbers are no reason to begin anew. */
const FEW = 16;
/** How many of them `readNumber` met. */
let longRead = 0;
/** What `readNumber` read last. */
let numberRead = 0;

/** Position behind the number at `at`; -1 where there is none. */
function readNumber(bytes: Buffer, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at++;
  let mantissa = 0;
  let exponent = 0;
  let isExact = true;
  const first = at;
  let digit = 0;
  for (; at < end && (digit = (bytes[at] as number) - ZERO) >= 0 && digit <= 9; at++) {
    if (mantissa > LAST_EXACT) isExact = false;
    mantissa = mantissa * 10 + digit;
  }
  if (at === first) return -1;
  if (bytes[at] === DOT && at < end) {
    const point = ++at;
    for (; at < end && (digit = (bytes[at] as number) - ZERO) >= 0 && digit <= 9; at++) {
      if (mantissa > LAST_EXACT) isExact = false;
      mantissa = mantissa * 10 + digit;
    }
    exponent = point - at;
  }
  if (at < end && ((bytes[at] as number) | LOWER_CASE) === EXPONENT) {
    at++;
    const sign = bytes[at];
    if (sign === MINUS || sign === PLUS) at++;
    let written = 0;
    for (; at < end && (digit = (bytes[at] as number) - ZERO) >= 0 && digit <= 9; at++)
      written = Math.min(written * 10 + digit, MAX_EXPONENT);
    // A long fraction may outweigh it.
    if (written === MAX_EXPONENT) isExact = false;
    exponent += sign === MINUS ? -written : written;
  }
  if (!isExact || exponent < -22 || exponent > 22) {
    longRead++;
    numberRead = Number(bytes.toString('latin1', start, at));
    return at;
  }
  const value =
    exponent < 0
      ? mantissa / (POWERS_OF_TEN[-exponent] as number)
      : mantissa * (POWERS_OF_TEN[exponent] as number);
  numberRead = isNegative ? -value : value;
  return at;
}

/**
 * The text of nested arrays of that shape that hold `values` row by row, as JSON.stringify writes it, but for −0, which keeps its sign; valid
 * until the next call.
 * `long`: many of the numbers have more digits than are written here, so that JSON.stringify is faster.
 */
export function writeNumbers(shape: readonly number[], values: ArrayLike<number>): Buffer | 'long' {
  next = 0;
  longWritten = 0;
  const end = writeAxis(shape, 0, values, 0);
  return longWritten > FEW ? 'long' : text.subarray(0, end);
}

/** Gives back what the text of a very large message took. */
export function releaseText(): void {
  if (text.length > KEPT_BYTES) text = Buffer.allocUnsafeSlow(FIRST_BYTES);
}

const FIRST_BYTES = 4096;
/** The longest number takes 24 bytes; brackets and a comma come beside it. */
const NUMBER_BYTES = 32;
/** What `writeNumbers` writes, and the value that comes next. */
let text = Buffer.allocUnsafeSlow(FIRST_BYTES);
let next = 0;
/** How many numbers were left to String; with too many of them the rest is not written. */
let longWritten = 0;

function writeAxis(
  shape: readonly number[],
  axis: number,
  values: ArrayLike<number>,
  start: number,
): number {
  let at = start;
  if (text.length - at < NUMBER_BYTES) grow();
  if (axis === shape.length) return writeNumber(at, values[next++] as number);
  text[at++] = OPEN_ARRAY;
  const size = shape[axis] as number;
  for (let i = 0; i < size && longWritten <= FEW; i++) {
    if (text.length - at < NUMBER_BYTES) grow();
    if (i > 0) text[at++] = COMMA;
    at =
      axis + 1 === shape.length
        ? writeNumber(at, values[next++] as number)
        : writeAxis(shape, axis + 1, values, at);
  }
  if (text.length - at < NUMBER_BYTES) grow();
  text[at++] = CLOSE_ARRAY;
  return at;
}

function grow(): void {
  const grown = Buffer.allocUnsafeSlow(text.length * 2);
  text.copy(grown);
  text = grown;
}

/** Up to eight places behind the point, below ten million: with no more than fifteen digits there is no shorter way to write it. */
const PLACES = 8;
const SCALE = 1e8;
const LARGEST = 1e7;
/** JavaScript writes smaller ones with an exponent. */
const SMALLEST = 1e-6;

function writeNumber(start: number, value: number): number {
  const size = Math.abs(value);
  const scaled = Math.round(size * SCALE);
  if (size >= LARGEST || scaled / SCALE !== size || (size < SMALLEST && size !== 0)) {
    longWritten++;
    return start + text.write(String(value), start, 'latin1');
  }
  let at = start;
  if (value < 0) text[at++] = MINUS;
  // With a point, since Python reads -0 as the integer.
  else if (size === 0 && Object.is(value, -0)) return at + text.write('-0.0', at, 'latin1');
  const whole = Math.floor(size);
  at = writeDigits(at, whole, countDigits(whole));
  let fraction = scaled - whole * SCALE;
  if (fraction === 0) return at;
  let places = PLACES;
  for (; fraction % 10 === 0; places--) fraction /= 10;
  text[at] = DOT;
  return writeDigits(at + 1, fraction, places);
}

function countDigits(whole: number): number {
  let count = 1;
  for (let limit = 10; whole >= limit; limit *= 10) count++;
  return count;
}

/** The last `count` digits of a whole number below 2^31. */
function writeDigits(at: number, whole: number, count: number): number {
  let rest = whole | 0;
  for (let to = at + count - 1; to >= at; to--) {
    const tenth = (rest / 10) | 0;
    text[to] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}
