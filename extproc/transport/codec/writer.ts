// Writes protobuf from its end to its start, so that the length of a nested message is known when its head is written and
// nothing is measured twice. A large body at the very end of a message is not written here at all: it is announced with
// `tailBytes` and follows by reference.
import { GRPC_FRAME_BYTES, writeGrpcFrameHead } from '../../../lib/codecs/grpc/frame.ts';

const SIZE = 16 * 1024;

export class BackwardWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(SIZE);
  /** The message so far is `bytes[at, end)`, and after it `tailBytes` bytes that are not here. */
  at = SIZE;
  tailBytes = 0;

  get end(): number {
    return this.bytes.length;
  }

  /** Forgets what was written. */
  reset(tailBytes: number): void {
    this.at = this.bytes.length;
    this.tailBytes = tailBytes;
  }

  /** Bytes of the message so far: taken before and after a nested message, the difference is its length. */
  mark(): number {
    return this.bytes.length - this.at + this.tailBytes;
  }

  varint(value: number): void {
    let bytes = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
    this.#room(bytes);
    this.at -= bytes;
    let at = this.at;
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[at++] = (rest % 128) | 0x80;
    this.bytes[at] = rest;
  }

  /** A varint field. */
  number(field: number, value: number): void {
    this.varint(value);
    this.varint(field << 3);
  }

  /** Length and tag of a nested message or of bytes that began (seen from the end) at `mark`. */
  close(field: number, mark: number): void {
    this.varint(this.mark() - mark);
    this.varint((field << 3) | 2);
  }

  /** The five bytes before a gRPC message that is not compressed. */
  grpcFrame(messageBytes: number): void {
    this.#room(GRPC_FRAME_BYTES);
    this.at -= GRPC_FRAME_BYTES;
    writeGrpcFrameHead(this.bytes, this.at, messageBytes);
  }

  raw(piece: Buffer): void {
    this.#room(piece.length);
    this.at -= piece.length;
    if (piece.length > 24) {
      piece.copy(this.bytes, this.at);
      return;
    }
    const at = this.at;
    for (let index = 0; index < piece.length; index++)
      this.bytes[at + index] = piece[index] as number;
  }

  /** A field of bytes. */
  buffer(field: number, piece: Buffer): void {
    this.raw(piece);
    this.varint(piece.length);
    this.varint((field << 3) | 2);
  }

  /** A field of text: one byte a character where all fit, else UTF-8. */
  text(field: number, value: string): void {
    const mark = this.mark();
    this.rawText(value);
    this.close(field, mark);
  }

  /** Text as `text` writes it, without a head. */
  rawText(value: string): void {
    const length = value.length;
    if (length > 40) {
      this.raw(Buffer.from(value, isLatin1(value) ? 'latin1' : 'utf8'));
      return;
    }
    this.#room(length);
    const at = this.at - length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0xff) {
        this.raw(Buffer.from(value, 'utf8'));
        return;
      }
      this.bytes[at + index] = code;
    }
    this.at = at;
  }

  #room(bytes: number): void {
    if (this.at >= bytes) return;
    const used = this.bytes.length - this.at;
    const grown = Buffer.allocUnsafeSlow((used + bytes) * 2);
    this.bytes.copy(grown, grown.length - used, this.at);
    this.bytes = grown;
    this.at = grown.length - used;
  }
}

function isLatin1(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    if (value.charCodeAt(index) > 0xff) return false;
  }
  return true;
}
