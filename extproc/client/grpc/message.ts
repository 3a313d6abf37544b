// The one message of a unary gRPC answer: taken out of its 5-byte frame as the bytes come, within the limit for answers.
import type { ByteAccount } from '../../contract/held-bytes.ts';

const PREFIX_BYTES = 5;

export type MessageResult = 'more' | 'bad' | 'too-large' | 'overloaded';

/** A message as it came. */
export interface FramedMessage {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

export class MessageReader {
  private readonly maxBytes: number;
  private readonly account: ByteAccount;
  private readonly prefix = new Uint8Array(PREFIX_BYTES);
  private prefixBytes = 0;
  private message: Buffer | null = null;
  private filled = 0;

  constructor(maxBytes: number, account: ByteAccount) {
    this.maxBytes = maxBytes;
    this.account = account;
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
      if (!this.account.hold(length)) return 'overloaded';
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

  /** The message, when the answer is over; otherwise what is wrong. */
  finish(): FramedMessage | { readonly fault: string } {
    if (this.prefixBytes === 0) return { fault: 'answered without a message' };
    if (this.message === null || this.filled < this.message.length) {
      return { fault: 'answered with half a message' };
    }
    const flag = this.prefix[0];
    if (flag !== 0 && flag !== 1) return { fault: 'answered with a bad message frame' };
    return { bytes: this.message, isPacked: flag === 1 };
  }
}
