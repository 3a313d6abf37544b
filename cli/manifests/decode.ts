// Bytes of a file to its text. All that we read is UTF-8; what is not is told by its encoding or by the first byte that
// does not fit, since a lenient reader would change values without a word.
import { isUtf8 } from 'node:buffer';

export type Decoded =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'not-utf8';
      /** Goes on after the name of the file. */
      readonly why: string;
      readonly advice: string;
    };

/** A mark of byte order before UTF-8 is skipped. */
export function decodeText(bytes: Buffer): Decoded {
  const wide = findWideEncoding(bytes);
  if (wide !== undefined)
    return {
      kind: 'not-utf8',
      why: `is ${wide}, not UTF-8`,
      advice: `save it as UTF-8, for example with: iconv -f ${wide} -t UTF-8`,
    };
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    return { kind: 'text', text: text.startsWith('\uFEFF') ? text.slice(1) : text };
  }
  const { byte, line, column } = findFirstWrong(bytes);
  return {
    kind: 'not-utf8',
    why: `is not UTF-8: byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')} in line ${line}, column ${column}`,
    advice: 'save it as UTF-8; from Latin-1 for example with: iconv -f ISO-8859-1 -t UTF-8',
  };
}

/** UTF-16 and UTF-32 by their marks of byte order, or by the zero bytes that ASCII has in them. */
function findWideEncoding(bytes: Buffer): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32LE' : 'UTF-16LE';
  if (a === 0xfe && b === 0xff) return 'UTF-16BE';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'UTF-32BE';
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const zeros = [0, 0, 0, 0];
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  });
  // Most of a manifest is ASCII, so most of what is not its byte of four, or of two, is zero.
  const places = zeros.map((count) => (count > sample.length / 8 ? '0' : 'x')).join('');
  return ZERO_PLACES[places];
}

const ZERO_PLACES: Readonly<Record<string, string>> = {
  x000: 'UTF-32LE',
  '000x': 'UTF-32BE',
  x0x0: 'UTF-16LE',
  '0x0x': 'UTF-16BE',
};
const SAMPLE_BYTES = 4096;

function findFirstWrong(bytes: Buffer): { byte: number; line: number; column: number } {
  // The longest beginning that is UTF-8, but for a character that is cut.
  let low = 0;
  let high = bytes.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isUtf8Beginning(bytes.subarray(0, middle))) low = middle;
    else high = middle;
  }
  // What was only the beginning of a character up to there was the mistake.
  let start = low;
  while (start > 0 && !isUtf8(bytes.subarray(0, start))) start -= 1;
  const before = bytes.toString('utf8', 0, start);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    byte: bytes[start] ?? 0,
    line: before.split('\n').length,
    column: before.length - lineStart + 1,
  };
}

/** Whether bytes are UTF-8 up to a last character that may be cut. */
function isUtf8Beginning(bytes: Buffer): boolean {
  for (let cut = 0; cut <= 3 && cut <= bytes.length; cut += 1) {
    if (!isUtf8(bytes.subarray(0, bytes.length - cut))) continue;
    return cut === 0 || isLeadByte(bytes[bytes.length - cut] ?? 0, cut);
  }
  return false;
}

/** Whether a byte begins a character of more bytes than `count`. */
function isLeadByte(byte: number, count: number): boolean {
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
  return byte < 0xf5 && length > count;
}
