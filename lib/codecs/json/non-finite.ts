// JSON as Python, Triton and TensorFlow Serving write it knows NaN, Infinity and -Infinity, which JSON itself does not. In: such a
// text; out: one of the same length with a number in the place of each, so that every scanner can read it and each
// position means the same in both.
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  QUOTE,
  isJson,
  skipString,
} from './scan.ts';

const ONE = 0x31;
const SPACE = 0x20;
const MINUS = 0x2d;
const BEFORE = new Set([COMMA, COLON, OPEN_ARRAY]);
const BEHIND = new Set([COMMA, CLOSE_ARRAY, CLOSE_OBJECT]);
const WORDS = [Buffer.from('-Infinity'), Buffer.from('Infinity'), Buffer.from('NaN')];

function isOneOf(byte: number | undefined, bytes: ReadonlySet<number>): boolean {
  return byte === undefined || byte <= SPACE || bytes.has(byte);
}

/** Length of the word at `at`, 0 when none of the three is there as a value. */
function wordAt(bytes: Buffer, at: number): number {
  if (!isOneOf(bytes[at - 1], BEFORE)) return 0;
  for (const word of WORDS) {
    const { length } = word;
    const end = at + length;
    if (end > bytes.length || bytes.compare(word, 0, length, at, end) !== 0) continue;
    return isOneOf(bytes[end], BEHIND) ? length : 0;
  }
  return 0;
}

/** Undefined when there is no such word outside of strings, so that the text stays as it is. */
export function withoutNonFinite(bytes: Buffer): Buffer | undefined {
  if (!bytes.includes('NaN') && !bytes.includes('Infinity')) return undefined;
  let replaced: Buffer | undefined;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = skipString(bytes, at, bytes.length);
      if (at < 0) return undefined;
      continue;
    }
    const isWord = byte === MINUS || byte === 0x49 || byte === 0x4e;
    const length = isWord ? wordAt(bytes, at) : 0;
    if (length > 0) {
      replaced ??= Buffer.from(bytes);
      replaced.fill(ONE, at, at + length);
    }
    at += Math.max(length, 1);
  }
  return replaced;
}

/** Whether the bytes are one JSON value, these words counted as numbers. */
export function isLenientJson(bytes: Buffer): boolean {
  if (isJson(bytes)) return true;
  const replaced = withoutNonFinite(bytes);
  return replaced !== undefined && isJson(replaced);
}
