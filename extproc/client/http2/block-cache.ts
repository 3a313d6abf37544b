// The header block read last, with its fields. A server's responses mostly begin and end with the same bytes, and a
// block without a table means the same every time.
import { decodeBlock } from '../../../lib/codecs/http2/hpack.ts';

export class BlockCache {
  #bytes: Buffer = Buffer.alloc(0);
  #fields: readonly string[] = [];

  /** The fields of `block[start, end)`, undefined when it is broken. They are shared: nobody changes them. */
  read(block: Buffer, start: number, end: number): readonly string[] | undefined {
    const bytes = this.#bytes;
    if (bytes.length === end - start && equals(bytes, block, start)) return this.#fields;
    const fields = decodeBlock(block, start, end);
    if (fields === undefined) return undefined;
    this.#bytes = Buffer.from(block.subarray(start, end));
    this.#fields = fields;
    return fields;
  }
}

/** Whether `bytes` stand in the block. By hand: a block is some dozens of bytes, and `compare` leaves the engine and garbage for each. */
function equals(bytes: Buffer, block: Buffer, start: number): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== block[start + at]) return false;
  return true;
}
