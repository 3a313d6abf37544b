// A keyed hash of a short text: HalfSipHash-1-3 (Aumasson and Bernstein). Clients choose the texts; without the key they cannot
// choose ones that fall together.

export type HashKey = readonly [number, number];

/** 32 bits, signed. Of each character the low eight bits count. */
export function hashText(text: string, [k0, k1]: HashKey): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const { length } = text;
  const blocks = length >> 2;
  // The blocks, one with the rest and the length, three rounds at the end.
  for (let block = 0; block < blocks + 4; block++) {
    let word = 0;
    const at = block << 2;
    if (block < blocks) {
      word =
        (text.charCodeAt(at) & 0xff) |
        ((text.charCodeAt(at + 1) & 0xff) << 8) |
        ((text.charCodeAt(at + 2) & 0xff) << 16) |
        (text.charCodeAt(at + 3) << 24);
    } else if (block === blocks) {
      word = length << 24;
      for (let rest = at; rest < length; rest++)
        word |= (text.charCodeAt(rest) & 0xff) << ((rest - at) << 3);
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
