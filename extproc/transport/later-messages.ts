// What follows the first message of a gRPC stream whose last call Envoy makes: message by message, fitted to the unit that the first one went
// to, in the order in which they came. In: pieces of the client's body; out: whole messages, and the end.
import { COLLECTED } from '../contract/bodies.ts';
import { MessageSplitter } from './messages.ts';
import type { MessageSink } from './messages.ts';

export interface LaterSink {
  /** Room for what waits until the unit is known. */
  hold(bytes: number): boolean;
  release(bytes: number): void;
  passLater(body: Buffer): void;
  passEnd(): void;
}

export class LaterMessages implements MessageSink {
  readonly #sink: LaterSink;
  readonly #maxBytes: number;
  readonly #splitter = new MessageSplitter(this);
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isEnded = false;
  /** Undefined until the unit is known. */
  #fit: ((body: Buffer) => Buffer) | undefined;
  #isBroken = false;

  /** `maxBytes`: of one message. */
  constructor(sink: LaterSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** False when that is no gRPC message, or too large, or when too much waits. */
  push(chunk: Buffer, start: number, end: number): boolean {
    if (this.#fit !== undefined) return this.#split(chunk, start, end);
    if (!this.#sink.hold(end - start)) return false;
    this.#waitingBytes += end - start;
    this.#waiting.push(Buffer.from(chunk.subarray(start, end)));
    return true;
  }

  /** The client has sent its last message. */
  end(): void {
    this.#isEnded = true;
    if (this.#fit !== undefined) this.#sink.passEnd();
  }

  /**
   * The first message is on its way; `fit` makes of each further one what the unit takes, and `rest` came in one piece with the first. False
   * as for `push`.
   */
  start(fit: (body: Buffer) => Buffer, rest: Buffer): boolean {
    this.#fit = fit;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sink.release(this.#waitingBytes);
    this.#waitingBytes = 0;
    for (const piece of [rest, ...waiting]) if (!this.#split(piece, 0, piece.length)) return false;
    if (this.#isEnded) this.#sink.passEnd();
    return true;
  }

  wants(bytes: number): boolean {
    if (bytes > this.#maxBytes) this.#isBroken = true;
    return !this.#isBroken;
  }

  lend(bytes: number): Buffer {
    return COLLECTED.lend(bytes);
  }

  take(chunk: Buffer, start: number, end: number): void {
    if (this.#fit !== undefined) this.#sink.passLater(this.#fit(chunk.subarray(start, end)));
  }

  #split(chunk: Buffer, start: number, end: number): boolean {
    return this.#splitter.push(chunk, start, end) && !this.#isBroken;
  }
}
