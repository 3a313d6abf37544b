// What a process holds of messages over all requests, counted before it is there: bodies and answers, what is being
// unpacked or put together. In: bytes wanted; out: whether there is room. Each request has an account of its own, which
// closes once and then gives back all that it held, whatever became of the request.
// Room is kept for small requests: when large ones have filled the process, those that hold little are still served.

/** Requests that hold at most so much may use all of the room; larger ones leave `SMALL_SHARE` of it alone. */
export const SMALL_REQUEST_BYTES = 64 * 1024;
/** The share of the bytes held that is kept for small requests. */
export const SMALL_SHARE = 0.1;
/** What a request costs besides its messages: its stream, headers and calls as objects. */
export const REQUEST_OVERHEAD_BYTES = 2048;

/** What clients and clients' requests are told where there is no room. */
export const OVERLOADED_INFO = 'the graph filter holds as many bytes as it may';

export class HeldBytes {
  readonly maxBytes: number;
  readonly maxLargeBytes: number;
  /** Held now. */
  bytes = 0;
  /** Requests that were answered OVERLOADED. */
  refusals = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.maxLargeBytes = Math.floor(maxBytes * (1 - SMALL_SHARE));
  }

  /** Whether a request that holds `ownBytes` may hold `bytes` more. */
  hasRoom(ownBytes: number, bytes: number): boolean {
    const most = ownBytes + bytes <= SMALL_REQUEST_BYTES ? this.maxBytes : this.maxLargeBytes;
    return this.bytes + bytes <= most;
  }
}

/** Whoever counts bytes before it makes them. */
export interface ByteAccount {
  /** Counts bytes that are about to be there; false: there is no room, and nothing is counted. */
  hold(bytes: number): boolean;
  /** Gives back bytes that were held and are not there any more. */
  release(bytes: number): void;
}

/** What one request holds. After `close` nothing can be held and nothing is left to release. */
export class HeldAccount implements ByteAccount {
  readonly #all: HeldBytes;
  #bytes = 0;
  #closed = false;

  constructor(all: HeldBytes) {
    this.#all = all;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hold(bytes: number): boolean {
    const all = this.#all;
    if (this.#closed || !all.hasRoom(this.#bytes, bytes)) return false;
    this.#bytes += bytes;
    all.bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    if (this.#closed) return;
    const given = Math.min(bytes, this.#bytes);
    this.#bytes -= given;
    this.#all.bytes -= given;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#all.bytes -= this.#bytes;
    this.#bytes = 0;
  }
}
