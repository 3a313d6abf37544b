// A short text in whole words, the last one filled up with zeros, so that it is compared, copied and hashed by words. One is filled
// again and again: nothing is made for a text.

export class KeyBytes {
  /** Room for the text. Whoever writes here says its length. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  #length = 0;

  constructor(maxBytes: number) {
    this.words = new Int32Array((maxBytes + 3) >> 2);
    this.bytes = new Uint8Array(this.words.buffer, 0, maxBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** How many of the first bytes are the text. */
  set length(length: number) {
    this.#length = length;
    // The bytes that are not the text's leave its last word, whatever the machine's order of bytes.
    for (let at = length; at < this.bytes.length && (at & 3) !== 0; at++) this.bytes[at] = 0;
  }

  /** False, and no text, for one that is too long or has characters of more than eight bits. */
  setText(text: string): boolean {
    const { length } = text;
    this.length = 0;
    if (length > this.bytes.length) return false;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code > 0xff) return false;
      this.bytes[at] = code;
    }
    this.length = length;
    return true;
  }
}
