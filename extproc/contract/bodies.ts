// Memory for large bodies, lent to a request and used again when it is over. A body lives through several collections of the
// young generation while calls are made with it, so V8 counts it as old, and lets 64 MB of such garbage gather before it
// looks: at 220 KB that was 60 MB of each process, and as many page faults. Memory comes back only where nothing can still send it
// to anyone who reads it: from REST requests, whose calls have connections of their own that end with a call that is broken off (a
// shared HTTP/2 connection may hold a body after its call), that were not cancelled and whose stream Envoy has ended or reset. Of such a
// stream bytes may still wait to be written, but Envoy passes them over. All else is left to the collector.
import type { ByteAccount } from './held-bytes.ts';
import {
  MAX_IDLE_BODY_BYTES,
  MAX_LENT_BODY_BYTES,
  MIN_LENT_BODY_BYTES,
} from './transport-limits.ts';

/** Who lends memory to a request. */
export interface Lender {
  /** Memory of that length with any content, for the request's own bytes until its stream is over. */
  lend(bytes: number): Buffer;
}

/** The memory of a request: whoever wants some holds its bytes first, and takes it only when there is room. */
export interface BodyMemory extends Lender, ByteAccount {}

/** Lends what the collector takes back, and counts nothing: for whoever keeps bodies longer or bounds them himself. */
export const COLLECTED: BodyMemory = {
  lend: (bytes) => Buffer.allocUnsafe(bytes),
  hold: () => true,
  release: () => {},
};

/** Of a body that is not needed any more, the bytes that its request holds no longer: lent ones stay lent to its end. */
export function releasableBytes(bytes: number): number {
  return bytes < MIN_LENT_BODY_BYTES || bytes > MAX_LENT_BODY_BYTES ? bytes : 0;
}

export class BodyPool {
  readonly #maxIdleBytes: number;
  #idleBytes = 0;
  /** The least that was idle since the last `trim`. */
  #leastIdleBytes = 0;
  /** By length: four lengths between each two powers of two, so that at most a fifth of one is unused. */
  readonly #idle = new Map<number, Buffer[]>();

  constructor(maxIdleBytes = MAX_IDLE_BODY_BYTES) {
    this.#maxIdleBytes = Math.min(maxIdleBytes, MAX_IDLE_BODY_BYTES);
  }

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Memory of at least that length, or undefined for a length that is not worth keeping or too much to keep. */
  take(bytes: number): Buffer | undefined {
    if (bytes < MIN_LENT_BODY_BYTES || bytes > MAX_LENT_BODY_BYTES) return undefined;
    const length = roundUp(bytes);
    const idle = this.#idle.get(length)?.pop();
    if (idle === undefined) return Buffer.allocUnsafeSlow(length);
    this.#idleBytes -= length;
    if (this.#idleBytes < this.#leastIdleBytes) this.#leastIdleBytes = this.#idleBytes;
    return idle;
  }

  /** Takes back what `take` gave, whole. */
  give(memory: Buffer): void {
    const { length } = memory;
    if (this.#idleBytes + length > this.#maxIdleBytes) return;
    this.#idleBytes += length;
    const idle = this.#idle.get(length);
    if (idle === undefined) this.#idle.set(length, [memory]);
    else idle.push(memory);
  }

  /** Leaves to the collector what nobody asked for since the last time. To be called now and then. */
  trim(): void {
    let surplus = this.#leastIdleBytes;
    for (const [length, idle] of this.#idle) {
      while (surplus >= length && idle.length > 0) {
        idle.pop();
        surplus -= length;
        this.#idleBytes -= length;
      }
      if (idle.length === 0) this.#idle.delete(length);
    }
    this.#leastIdleBytes = this.#idleBytes;
  }
}

/** What one request has borrowed. */
export class BodyLoans implements Lender {
  readonly #pool: BodyPool;
  #lent: Buffer[] | undefined;

  constructor(pool: BodyPool) {
    this.#pool = pool;
  }

  lend(bytes: number): Buffer {
    const memory = this.#pool.take(bytes);
    if (memory === undefined) return Buffer.allocUnsafe(bytes);
    this.#lent ??= [];
    this.#lent.push(memory);
    return memory.subarray(0, bytes);
  }

  /** Nobody looks at the request's bodies any more. */
  giveBack(): void {
    const lent = this.#lent;
    if (lent === undefined) return;
    this.#lent = undefined;
    for (const memory of lent) this.#pool.give(memory);
  }
}

/** The next of the kept lengths; `bytes` is more than 4. */
function roundUp(bytes: number): number {
  const step = 1 << (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}
