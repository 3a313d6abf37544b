// Walks over JSON as bytes, without building values. In: bytes and a position; out: the position behind the value,
// or NOT_JSON. It accepts exactly what JSON.parse accepts, up to MAX_DEPTH; one pass both skips and checks, so that
// whoever looks for a member has also checked what it skipped.

/** Result of a scan over bytes that are no JSON. */
export const NOT_JSON = -1;
/** Deepest nesting of arrays and objects in a JSON message that is read; deeper input is NOT_JSON. */
export const MAX_DEPTH = 1000;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const DOT = 0x2e;

// Kinds of bytes: what a loop has to stop at.
const SPACE = 1;
const IN_STRING_STOP = 4;
const HEX = 8;
const ESCAPED = 16;
const KIND = new Uint8Array(256);
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) KIND[byte] = SPACE;
for (let byte = 0x30; byte <= 0x39; byte++) KIND[byte] = HEX;
for (const letter of 'abcdefABCDEF') KIND[letter.charCodeAt(0)] = HEX;
for (const letter of '"\\/bfnrt')
  KIND[letter.charCodeAt(0)] = (KIND[letter.charCodeAt(0)] ?? 0) | ESCAPED;
for (let byte = 0; byte < 0x20; byte++) KIND[byte] = (KIND[byte] ?? 0) | IN_STRING_STOP;
KIND[QUOTE] = (KIND[QUOTE] ?? 0) | IN_STRING_STOP;
KIND[BACKSLASH] = (KIND[BACKSLASH] ?? 0) | IN_STRING_STOP;

/** One entry for each open array (0) or object (1); scans never overlap, so one is enough. */
const OPEN = new Uint8Array(MAX_DEPTH + 1);

export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && ((KIND[bytes[at] as number] as number) & SPACE) !== 0) at++;
  return at;
}

/** Shortest run of bytes for which `words` pays. */
const WORDS_FROM = 16;
/** Values from this size on are read by words. */
const LARGE = 512;
const HIGH_HALVES = 0xf0f0f0f0 | 0;
const THREES = 0x30303030;
const ONES = 0x01010101;
const TOPS = 0x80808080 | 0;

/** The same bytes as a view that reads four of them at once; the last one is kept, since scans look at one message long. */
let viewed: Uint8Array = new Uint8Array(0);
let view: DataView = new DataView(viewed.buffer);

function words(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return view;
}

/** From the opening quote to behind the closing one. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  at++;
  for (;;) {
    const stop = Math.min(end, at + WORDS_FROM);
    while (at < stop && ((KIND[bytes[at] as number] as number) & IN_STRING_STOP) === 0) at++;
    if (at === stop && at < end) {
      // A long string: four bytes at once, none of them a quote, a backslash or a control character.
      const fours = words(bytes);
      for (; at + 4 <= end; at += 4) {
        const four = fours.getInt32(at, true);
        const quote = four ^ 0x22222222;
        const backslash = four ^ 0x5c5c5c5c;
        const stops =
          ((four - 0x20202020) & ~four) |
          ((quote - ONES) & ~quote) |
          ((backslash - ONES) & ~backslash);
        if ((stops & TOPS) !== 0) break;
      }
    }
    while (at < end && ((KIND[bytes[at] as number] as number) & IN_STRING_STOP) === 0) at++;
    if (at >= end) return NOT_JSON;
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH || at + 1 >= end) return NOT_JSON;
    if (bytes[at + 1] === 0x75) {
      if (at + 6 > end) return NOT_JSON;
      for (let i = at + 2; i < at + 6; i++) {
        if (((KIND[bytes[i] as number] as number) & HEX) === 0) return NOT_JSON;
      }
      at += 6;
    } else {
      if (((KIND[bytes[at + 1] as number] as number) & ESCAPED) === 0) return NOT_JSON;
      at += 2;
    }
  }
}

/** Position of the first byte that is no digit. */
function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && ((bytes[at] as number) ^ 0x30) < 10) at++;
  return at;
}

/** From the `e`. */
function skipExponent(bytes: Uint8Array, at: number, end: number): number {
  at++;
  if (at < end && (bytes[at] === 0x2b || bytes[at] === MINUS)) at++;
  const first = at;
  at = skipDigits(bytes, at, end);
  return at === first ? NOT_JSON : at;
}

export function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === MINUS) at++;
  const whole = at;
  at = skipDigits(bytes, at, end);
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return NOT_JSON;
  if (at >= end) return at;
  if (bytes[at] === DOT) {
    const first = at + 1;
    at = skipDigits(bytes, first, end);
    if (at === first) return NOT_JSON;
    if (at >= end) return at;
  }
  return ((bytes[at] as number) | 0x20) === 0x65 ? skipExponent(bytes, at, end) : at;
}

function skipWord(bytes: Uint8Array, at: number, end: number, word: string): number {
  if (at + word.length > end) return NOT_JSON;
  for (let i = 0; i < word.length; i++) {
    if (bytes[at + i] !== word.charCodeAt(i)) return NOT_JSON;
  }
  return at + word.length;
}

/** A string, a number or one of the three words. */
function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return skipString(bytes, at, end);
    case 0x74:
      return skipWord(bytes, at, end, 'true');
    case 0x66:
      return skipWord(bytes, at, end, 'false');
    case 0x6e:
      return skipWord(bytes, at, end, 'null');
    default:
      return skipNumber(bytes, at, end);
  }
}

/** `"key" :` with the space around it; the position of the member's value. */
export function skipKey(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return NOT_JSON;
  at = skipString(bytes, at, end);
  if (at < 0) return NOT_JSON;
  at = skipSpace(bytes, at, end);
  if (at >= end || bytes[at] !== COLON) return NOT_JSON;
  return skipSpace(bytes, at + 1, end);
}

/**
 * In an array: passes `, number` as often as it comes, which is most of what large messages are made of. What is
 * anything else, or no number after all, is left to the caller from its comma on.
 */
function skipMoreNumbers(
  bytes: Uint8Array,
  fours: DataView | undefined,
  at: number,
  end: number,
): number {
  for (;;) {
    if (at >= end || bytes[at] !== COMMA) return at;
    let next = skipSpace(bytes, at + 1, end);
    if (next < end && bytes[next] === MINUS) next++;
    const whole = next;
    while (next < end && ((bytes[next] as number) ^ 0x30) < 10) next++;
    if (next === whole || (bytes[whole] === 0x30 && next > whole + 1)) return at;
    if (next < end && bytes[next] === DOT) {
      const fraction = ++next;
      if (fours !== undefined) {
        for (; next + 4 <= end; next += 4) {
          const four = fours.getInt32(next, true);
          // All high halves are 3, and stay so when 6 is added: 0x30 … 0x39.
          if ((four & HIGH_HALVES) !== THREES) break;
          if (((four + 0x06060606) & HIGH_HALVES) !== THREES) break;
        }
      }
      while (next < end && ((bytes[next] as number) ^ 0x30) < 10) next++;
      if (next === fraction) return at;
    }
    if (next < end && ((bytes[next] as number) | 0x20) === 0x65) {
      next = skipExponent(bytes, next, end);
      if (next < 0) return at;
    }
    at = next;
  }
}

/** The position behind the value that begins at `at` (no space before it), or NOT_JSON. Never throws. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  const fours = end - at >= LARGE ? words(bytes) : undefined;
  for (;;) {
    // Here a value begins.
    if (at >= end) return NOT_JSON;
    const byte = bytes[at];
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      const close = byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT;
      at = skipSpace(bytes, at + 1, end);
      if (at < end && bytes[at] === close) at++;
      else {
        if (depth === MAX_DEPTH) return NOT_JSON;
        OPEN[depth++] = close === CLOSE_OBJECT ? 1 : 0;
        if (close === CLOSE_OBJECT) {
          at = skipKey(bytes, at, end);
          if (at < 0) return NOT_JSON;
        }
        continue;
      }
    } else {
      at = skipScalar(bytes, at, end);
      if (at < 0) return NOT_JSON;
      if (depth > 0 && OPEN[depth - 1] === 0) {
        at = skipMoreNumbers(bytes, fours, at, end);
      }
    }
    // Here a value has ended.
    for (;;) {
      if (depth === 0) return at;
      at = skipSpace(bytes, at, end);
      if (at >= end) return NOT_JSON;
      const inObject = OPEN[depth - 1] === 1;
      if (bytes[at] === COMMA) {
        at = skipSpace(bytes, at + 1, end);
        if (inObject) {
          at = skipKey(bytes, at, end);
          if (at < 0) return NOT_JSON;
        }
        break;
      }
      if (bytes[at] !== (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return NOT_JSON;
      at++;
      depth--;
    }
  }
}

/** Whether the bytes are one JSON value with nothing but space around it. */
export function isJson(bytes: Uint8Array): boolean {
  const after = skipValue(bytes, skipSpace(bytes, 0, bytes.length), bytes.length);
  return after >= 0 && skipSpace(bytes, after, bytes.length) === bytes.length;
}
