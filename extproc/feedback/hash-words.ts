// A keyed hash of a short text: HalfSipHash-1-3 (Aumasson and Bernstein). Clients choose the texts; without the key they cannot
// choose ones that fall together.

export type HashKey = readonly [number, number];

/** 32 bits, signed. The text: `length` bytes from the word at `start` on, the last word filled up with zeros. */
export function hashWords(
  words: Int32Array,
  start: number,
  length: number,
  [k0, k1]: HashKey,
): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const blocks = length >> 2;
  // The blocks, one with the rest and the length, three rounds at the end.
  for (let block = 0; block < blocks + 4; block++) {
    let word = 0;
    if (block < blocks) word = words[start + block] as number;
    else if (block === blocks) {
      word = length << 24;
      if ((length & 3) !== 0) word |= words[start + block] as number;
    } else if (block === blocks + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
