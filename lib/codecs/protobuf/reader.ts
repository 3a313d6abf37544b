// Reads protobuf messages field by field, without a schema and without copying. In: bytes; out: one field after the
// other, as numbers and spans. Never throws: broken input ends the reading with `broken` set.

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** A position in a message that moves from field to field. */
export class FieldReader {
  readonly bytes: Buffer;
  /** Number and wire type of the field that was read last. */
  field = 0;
  wire = 0;
  /** Where the field's tag begins. */
  tagStart = 0;
  /** The field's payload: of BYTES without its length. */
  start = 0;
  end = 0;
  broken = false;
  #at: number;
  readonly #limit: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = start;
    this.#limit = end;
  }

  /** Moves to the next field; false at the end and on broken input. */
  next(): boolean {
    if (this.#at >= this.#limit) return false;
    this.tagStart = this.#at;
    const tag = this.#length();
    if (tag < 8) return this.#fail();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    this.start = this.#at;
    switch (this.wire) {
      case VARINT:
        this.end = this.#varintEnd();
        break;
      case FIXED64:
        this.end = this.#at + 8;
        break;
      case BYTES: {
        const length = this.#length();
        this.start = this.#at;
        this.end = length < 0 ? -1 : this.#at + length;
        break;
      }
      case FIXED32:
        this.end = this.#at + 4;
        break;
      default:
        // Groups (3 and 4) are used by none of our messages.
        return this.#fail();
    }
    if (this.end < 0 || this.end > this.#limit) return this.#fail();
    this.#at = this.end;
    return true;
  }

  /** The last field's payload as a message of its own. */
  inner(): FieldReader {
    return new FieldReader(this.bytes, this.start, this.end);
  }

  payload(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  #fail(): false {
    this.broken = true;
    return false;
  }

  #varintEnd(): number {
    for (let at = this.#at; at < this.#limit && at < this.#at + 10; at++) {
      if ((this.bytes[at] as number) < 0x80) return at + 1;
    }
    return -1;
  }

  /** A varint of at most 32 bits, read and passed; −1 when it is none. */
  #length(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 5; count++) {
      if (this.#at >= this.#limit) return -1;
      const byte = this.bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= 0xffffffff ? value : -1;
      scale *= 128;
    }
    return -1;
  }
}

/** The int32 in a varint's bytes (negative ones take ten bytes; what is above 32 bits is cut, as protobuf does). */
export function readInt32(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start, shift = 0; at < end && shift < 35; at++, shift += 7) {
    value |= ((bytes[at] as number) & 0x7f) << shift;
  }
  return value;
}

/** Position behind the varint at `at`, −1 when it does not end before `end`. */
export function varintEnd(bytes: Buffer, at: number, end: number): number {
  for (let next = at; next < end && next < at + 10; next++) {
    if ((bytes[next] as number) < 0x80) return next + 1;
  }
  return -1;
}
