// The one message of a unary gRPC answer: taken out of its 5-byte frame as the bytes come, and unpacked if it was
// compressed, within the limit for answers.
import { gunzipSync, inflateSync } from 'node:zlib';
import { errnoOf } from '../failure.ts';

const PREFIX_BYTES = 5;

export type MessageResult = 'more' | 'bad' | 'too-large';

export class MessageReader {
  private readonly maxBytes: number;
  private readonly prefix = new Uint8Array(PREFIX_BYTES);
  private prefixBytes = 0;
  private message: Buffer | null = null;
  private filled = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Takes `chunk[start, end)`, which it copies; 'bad': bytes behind the message. */
  push(chunk: Buffer, start: number, end: number): MessageResult {
    let at = start;
    while (this.prefixBytes < PREFIX_BYTES) {
      if (at === end) return 'more';
      this.prefix[this.prefixBytes++] = chunk[at++] ?? 0;
    }
    if (this.message === null) {
      const [, a = 0, b = 0, c = 0, d = 0] = this.prefix;
      const length = a * 0x1000000 + b * 0x10000 + c * 0x100 + d;
      if (length > this.maxBytes) return 'too-large';
      this.message = Buffer.allocUnsafe(length);
    }
    const taken = Math.min(end - at, this.message.length - this.filled);
    chunk.copy(this.message, this.filled, at, at + taken);
    this.filled += taken;
    return at + taken < end ? 'bad' : 'more';
  }

  get started(): boolean {
    return this.prefixBytes > 0;
  }

  /**
   * The message, when the answer is over. Otherwise what is wrong: a text, or 'too-large' when it is longer than the
   * limit once unpacked. `encoding`: value of `grpc-encoding`.
   */
  finish(encoding: string | null): Buffer | { readonly fault: string } {
    if (this.prefixBytes === 0) return { fault: 'answered without a message' };
    if (this.message === null || this.filled < this.message.length) {
      return { fault: 'answered with half a message' };
    }
    if (this.prefix[0] === 0) return this.message;
    if (this.prefix[0] !== 1) return { fault: 'answered with a bad message frame' };
    return unpack(this.message, encoding, this.maxBytes);
  }
}

function unpack(
  packed: Buffer,
  encoding: string | null,
  maxOutputLength: number,
): Buffer | { readonly fault: string } {
  try {
    if (encoding === 'gzip') return gunzipSync(packed, { maxOutputLength });
    if (encoding === 'deflate') return inflateSync(packed, { maxOutputLength });
  } catch (error) {
    if (errnoOf(error) === 'ERR_BUFFER_TOO_LARGE') return { fault: 'too-large' };
    return { fault: `answered with a broken ${encoding} message` };
  }
  return { fault: `answered with a message of unknown encoding ${encoding}` };
}
