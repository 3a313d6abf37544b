// The body of one request as it comes: a single piece stays where it was read, several are copied together. In: pieces that are
// held already; out: the whole body, for which just its bytes are held.
import { releasableBytes } from '../contract/bodies.ts';
import { ByteSink } from '../contract/byte-sink.ts';
import type { HeldAccount } from '../contract/held-bytes.ts';

const EMPTY = Buffer.alloc(0);
/** Of reads from this size on, parts smaller than one in so many are copied out. */
const MIN_PINNED_BYTES = 16 * 1024;
const PINNED_SHARE = 4;

/** Whether so few bytes would keep a whole read of the connection, which mostly holds bytes of others, from being freed. */
export function pins(chunk: Buffer, bytes: number): boolean {
  return chunk.length >= MIN_PINNED_BYTES && bytes < chunk.length / PINNED_SHARE;
}

export class GatheredBody {
  readonly #account: HeldAccount;
  readonly #maxBytes: number;
  /** Whether a piece's memory is there until the request is over. */
  readonly #isLent: boolean;
  #piece: Buffer | undefined;
  #sink: ByteSink | undefined;

  /** `maxBytes`: more will not be added. */
  constructor(account: HeldAccount, maxBytes: number, isLent: boolean) {
    this.#account = account;
    this.#maxBytes = maxBytes;
    this.#isLent = isLent;
  }

  get length(): number {
    return this.#sink?.length ?? this.#piece?.length ?? 0;
  }

  /** Adds `chunk[start, end)`, for which so many bytes are held; false when there is no room to copy it. */
  add(chunk: Buffer, start: number, end: number): boolean {
    const first = this.#piece;
    if (first === undefined) {
      const piece = chunk.subarray(start, end);
      this.#piece = pins(chunk, end - start) ? Buffer.from(piece) : piece;
      return true;
    }
    if (this.#sink === undefined) {
      this.#sink = new ByteSink(this.#account, this.#maxBytes);
      if (!this.#sink.append(first, 0, first.length)) return false;
      this.#account.release(this.#isLent ? releasableBytes(first.length) : first.length);
    }
    if (!this.#sink.append(chunk, start, end)) return false;
    this.#account.release(end - start);
    return true;
  }

  /** Hands the body over, and is empty again: in this turn of the event loop unless there is much to put together. */
  take(done: (whole: Buffer) => void): void {
    const piece = this.#piece ?? EMPTY;
    const sink = this.#sink;
    this.#piece = undefined;
    this.#sink = undefined;
    if (sink === undefined) done(piece);
    else sink.takeInSteps(done);
  }

  drop(): void {
    this.#piece = undefined;
    this.#sink?.drop();
    this.#sink = undefined;
  }
}
