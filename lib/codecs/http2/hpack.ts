// Header blocks of HTTP/2 for a peer that was told to keep no table (SETTINGS_HEADER_TABLE_SIZE 0): literals, Huffman
// and the static table. A reference to the dynamic table is an error, so a block can be read without those before it.
import { decodeHuffman } from './huffman.ts';
import { STATIC_ENTRIES, STATIC_TABLE } from './static-table.ts';

/** Integers of a block: lengths and indexes, none of which is large. */
const MAX_INTEGER = 0xffffff;

/** Reads a block; one object is used again and again. */
class BlockReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #failed = false;

  read(bytes: Buffer, start: number, end: number): string[] | undefined {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#failed = false;
    const fields: string[] = [];
    while (this.#at < this.#end && !this.#failed) this.#readField(fields);
    return this.#failed ? undefined : fields;
  }

  #readField(fields: string[]): void {
    const first = this.#bytes[this.#at] ?? 0;
    if (first >= 0x80) {
      const index = this.#readInteger(7);
      if (index === 0 || index > STATIC_ENTRIES) this.#failed = true;
      else fields.push(STATIC_TABLE[2 * index] ?? '', STATIC_TABLE[2 * index + 1] ?? '');
      return;
    }
    if (first >= 0x20 && first < 0x40) {
      // A size update: 0 is all that we allowed, and it comes before the first field.
      if (this.#readInteger(5) !== 0 || fields.length > 0) this.#failed = true;
      return;
    }
    // With indexing (into a table without room), without, or never.
    const index = this.#readInteger(first >= 0x40 ? 6 : 4);
    if (index > STATIC_ENTRIES) {
      this.#failed = true;
      return;
    }
    const name = index === 0 ? this.#readString() : (STATIC_TABLE[2 * index] ?? '');
    fields.push(name, this.#readString());
  }

  #readInteger(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) break;
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80 && value <= MAX_INTEGER) return value;
    }
    this.#failed = true;
    return 0;
  }

  #readString(): string {
    if (this.#at >= this.#end) {
      this.#failed = true;
      return '';
    }
    const huffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#readInteger(7);
    const start = this.#at;
    if (this.#failed || start + length > this.#end) {
      this.#failed = true;
      return '';
    }
    this.#at = start + length;
    if (!huffman) return this.#bytes.toString('latin1', start, this.#at);
    const decoded = decodeHuffman(this.#bytes, start, this.#at);
    if (decoded === undefined) this.#failed = true;
    return decoded ?? '';
  }
}

const reader = new BlockReader();

/**
 * The fields of `bytes[start, end)` as name, value, name, value … (latin1); undefined when the block is broken or refers to
 * a table that we do not keep.
 */
export function decodeBlock(bytes: Buffer, start: number, end: number): string[] | undefined {
  return reader.read(bytes, start, end);
}

/** One field as a literal without indexing and without Huffman. `name` in lower case. */
export function encodeField(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name, 'latin1');
  const valueBytes = Buffer.from(value, 'latin1');
  return Buffer.concat([
    Buffer.from([0]),
    encodeLength(nameBytes.length),
    nameBytes,
    encodeLength(valueBytes.length),
    valueBytes,
  ]);
}

function encodeLength(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  while (rest >= 128) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
