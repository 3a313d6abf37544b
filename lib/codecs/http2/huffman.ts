// The Huffman code of HPACK (RFC 7541, appendix B). The code is canonical: the lengths of the 257 codes, in the order
// of the symbols, say everything. Decoding walks the lengths; it is rare, because equal header blocks are read once.

const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const MAX_LENGTH = 30;
const END_OF_STRING = 256;

/** Symbols ordered by length, then by value: the order in which a canonical code counts. */
const SYMBOLS = CODE_LENGTHS.map((_, symbol) => symbol).sort(
  (a, b) => (CODE_LENGTHS[a] ?? 0) - (CODE_LENGTHS[b] ?? 0) || a - b,
);
/** By length: the first code, how many there are, and where they begin in `SYMBOLS`. */
const FIRST_CODE = new Uint32Array(MAX_LENGTH + 1);
const CODES = new Uint32Array(MAX_LENGTH + 1);
const FIRST_SYMBOL = new Uint32Array(MAX_LENGTH + 1);
countCodes();

/** Decodes `bytes[start, end)` to a string of bytes (latin1); undefined when it is no Huffman code. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | undefined {
  const out = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / 5));
  let length = 0;
  let code = 0;
  let bits = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      bits++;
      if (bits > MAX_LENGTH) return undefined;
      const index = code - (FIRST_CODE[bits] ?? 0);
      if (index < 0 || index >= (CODES[bits] ?? 0)) continue;
      const symbol = SYMBOLS[(FIRST_SYMBOL[bits] ?? 0) + index] ?? END_OF_STRING;
      if (symbol === END_OF_STRING) return undefined;
      out[length++] = symbol;
      code = 0;
      bits = 0;
    }
  }
  // What is left is padding: at most seven bits, all of them ones.
  if (bits > 7 || code !== (1 << bits) - 1) return undefined;
  return out.toString('latin1', 0, length);
}

function countCodes(): void {
  for (const length of CODE_LENGTHS) CODES[length] = (CODES[length] ?? 0) + 1;
  let code = 0;
  let symbol = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    code = (code + (CODES[length - 1] ?? 0)) * 2;
    FIRST_CODE[length] = code;
    FIRST_SYMBOL[length] = symbol;
    symbol += CODES[length] ?? 0;
  }
}
