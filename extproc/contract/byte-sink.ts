// Bytes that arrive in pieces whose number is not known: one growing buffer, so that a peer that sends them one by
// one costs no more memory than one that sends them whole. What it grows to is held before it is there.
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import type { ByteAccount } from './held-bytes.ts';

const FIRST_BYTES = 1024;

export class ByteSink {
  length = 0;
  readonly #account: ByteAccount;
  readonly #maxBytes: number;
  #buffer: Buffer = Buffer.alloc(0);

  /** `maxBytes`: more will never be appended. */
  constructor(account: ByteAccount, maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#account = account;
    this.#maxBytes = maxBytes;
  }

  /** False when there is no room for the bytes; the sink is then as before. */
  append(source: Buffer, from: number, to: number): boolean {
    const needed = this.length + to - from;
    if (needed > this.#buffer.length && !this.#grow(needed)) return false;
    source.copy(this.#buffer, this.length, from, to);
    this.length = needed;
    return true;
  }

  /** All bytes so far, uncopied; valid until the next `append` or `take`. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  /** Hands the bytes over, which stay held, and is empty again. */
  take(): Buffer {
    const taken = this.view();
    this.#account.release(this.#buffer.length - this.length);
    this.#buffer = Buffer.alloc(0);
    this.length = 0;
    return taken;
  }

  /** Forgets the bytes and gives back what was held for them. */
  drop(): void {
    this.#account.release(this.#buffer.length);
    freeMemory(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    this.length = 0;
  }

  #grow(needed: number): boolean {
    const account = this.#account;
    const before = this.#buffer.length;
    let capacity = Math.max(needed, Math.min(Math.max(before * 2, FIRST_BYTES), this.#maxBytes));
    if (!account.hold(capacity)) {
      // Just what is needed may still fit.
      capacity = needed;
      if (!account.hold(capacity)) return false;
    }
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(grown, 0, 0, this.length);
    freeMemory(this.#buffer);
    this.#buffer = grown;
    account.release(before);
    return true;
  }
}
