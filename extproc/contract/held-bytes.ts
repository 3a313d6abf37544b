// What a process holds of messages over all requests, counted before it is there: bodies and responses, what is being
// unpacked or put together. In: bytes wanted; out: whether there is room. Each request has an account of its own, which
// closes once and then gives back all that it held, whatever became of the request.
// Room is kept for small requests: when large ones have filled the process, those that hold little are still served. And of
// large bodies that are still on their way one that stands still, or the largest, goes before another request is refused.

/** Requests that hold at most this may use all of the room; larger ones leave `SMALL_SHARE` of it free. */
export const SMALL_REQUEST_BYTES = 64 * 1024;
/** Share of the held bytes that is reserved for small requests. */
export const SMALL_SHARE = 0.1;
/** What a request costs besides its messages: its stream, headers and calls as objects. */
export const REQUEST_OVERHEAD_BYTES = 2048;

/** Arriving bodies that hold at least this may be dropped for others. */
export const MIN_YIELDING_BYTES = 1024 * 1024;
/** Such a body counts as stalled when nothing of it came for this long. */
export const STALLED_MS = 1000;

/** What clients and clients' requests are told where there is no room. */
export const OVERLOADED_INFO = 'the graph filter holds as many bytes as it may';

export class HeldBytes {
  readonly maxBytes: number;
  readonly maxLargeBytes: number;
  /** Held now. */
  bytes = 0;
  /** Requests that were answered OVERLOADED. */
  refusals = 0;

  readonly #now: () => number;
  readonly #arriving = new Set<HeldAccount>();

  constructor(maxBytes: number, now: () => number = () => performance.now()) {
    this.#now = now;
    this.maxBytes = maxBytes;
    this.maxLargeBytes = Math.floor(maxBytes * (1 - SMALL_SHARE));
  }

  /** Whether `account` may hold `bytes` more; others may have to go for it. */
  makeRoom(account: HeldAccount, bytes: number): boolean {
    const ownBytes = account.bytes + bytes;
    const most = ownBytes <= SMALL_REQUEST_BYTES ? this.maxBytes : this.maxLargeBytes;
    while (this.bytes + bytes > most) {
      const yielding = this.#findYielding(account, ownBytes);
      if (yielding === undefined) return false;
      this.#arriving.delete(yielding);
      yielding.yield();
    }
    return true;
  }

  /** Told of each piece of a body that is not whole yet. */
  arrives(account: HeldAccount): void {
    account.arrivedAt = this.#now();
    if (account.bytes >= MIN_YIELDING_BYTES) this.#arriving.add(account);
  }

  /** The body is whole, or not wanted any more. */
  settles(account: HeldAccount): void {
    this.#arriving.delete(account);
  }

  /** The largest body that stands still; else the largest of all if it is larger than what the asking one would hold. */
  #findYielding(asking: HeldAccount, askedBytes: number): HeldAccount | undefined {
    const stalledBefore = this.#now() - STALLED_MS;
    let stalled: HeldAccount | undefined;
    let largest: HeldAccount | undefined;
    for (const account of this.#arriving) {
      if (account === asking) continue;
      if (largest === undefined || account.bytes > largest.bytes) largest = account;
      if (account.arrivedAt > stalledBefore) continue;
      if (stalled === undefined || account.bytes > stalled.bytes) stalled = account;
    }
    if (stalled !== undefined) return stalled;
    return largest !== undefined && largest.bytes > askedBytes ? largest : undefined;
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
  /** When a piece of its body came last. */
  arrivedAt = 0;
  readonly #yielded: () => void;

  /** `yielded` is called when a body that is still on its way has to go. */
  constructor(all: HeldBytes, yielded: () => void = () => {}) {
    this.#all = all;
    this.#yielded = yielded;
  }

  arrives(): void {
    if (!this.#closed) this.#all.arrives(this);
  }

  settles(): void {
    this.#all.settles(this);
  }

  /** Gives back all, and takes nothing more. */
  yield(): void {
    this.close();
    this.#yielded();
  }

  get bytes(): number {
    return this.#bytes;
  }

  hold(bytes: number): boolean {
    const all = this.#all;
    if (this.#closed || !all.makeRoom(this, bytes)) return false;
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
    this.#all.settles(this);
    this.#all.bytes -= this.#bytes;
    this.#bytes = 0;
  }
}
