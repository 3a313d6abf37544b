// The one message of a unary gRPC response: taken out of its 5-byte frame as the bytes come, within the limit for responses.
import { GRPC_PACKED, GRPC_PLAIN, GrpcFrameHead } from '../../../lib/codecs/grpc/frame.ts';
import type { ByteAccount } from '../../contract/held-bytes.ts';

export type MessageResult = 'more' | 'bad' | 'too-large' | 'overloaded';

/** A message as it came. */
export interface FramedMessage {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

export class MessageReader {
  readonly #maxBytes: number;
  readonly #account: ByteAccount;
  readonly #head = new GrpcFrameHead();
  #message: Buffer | undefined;
  #filled = 0;

  constructor(maxBytes: number, account: ByteAccount) {
    this.#maxBytes = maxBytes;
    this.#account = account;
  }

  /** Takes `chunk[start, end)`, which it copies; 'bad': bytes behind the message. */
  push(chunk: Buffer, start: number, end: number): MessageResult {
    const head = this.#head;
    const at = head.push(chunk, start, end);
    if (!head.whole) return 'more';
    if (this.#message === undefined) {
      const { length } = head;
      if (length > this.#maxBytes) return 'too-large';
      if (!this.#account.hold(length)) return 'overloaded';
      this.#message = Buffer.allocUnsafe(length);
    }
    const taken = Math.min(end - at, this.#message.length - this.#filled);
    chunk.copy(this.#message, this.#filled, at, at + taken);
    this.#filled += taken;
    return at + taken < end ? 'bad' : 'more';
  }

  get started(): boolean {
    return this.#head.started;
  }

  /** The message, when the response is over; otherwise what is wrong. */
  finish(): FramedMessage | { readonly fault: string } {
    if (!this.#head.started) return { fault: 'answered without a message' };
    if (this.#message === undefined || this.#filled < this.#message.length) {
      return { fault: 'answered with half a message' };
    }
    const { flag } = this.#head;
    if (flag !== GRPC_PLAIN && flag !== GRPC_PACKED)
      return { fault: 'answered with a bad message frame' };
    return { bytes: this.#message, isPacked: flag === GRPC_PACKED };
  }
}
