// Bytes that arrive in pieces whose number is not known: one buffer that grows up to a megabyte, and then further ones of that size, so
// that a peer that sends them one by one costs no more memory than one that sends them whole, and nobody waits while much is moved
// to a larger buffer. What it grows to is held before it is there.
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import type { ByteAccount } from './held-bytes.ts';

const FIRST_BYTES = 1024;
/** The size to which a buffer grows; also what is put together in one turn of the event loop. */
export const SEGMENT_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export class ByteSink {
  length = 0;
  readonly #account: ByteAccount;
  readonly #maxBytes: number;
  /** Those before the last one, without what is unused of them. */
  #full: Buffer[] = [];
  #buffer: Buffer = NOTHING;
  /** Bytes of `#buffer` that are in use. */
  #used = 0;
  #heldBytes = 0;

  /** `maxBytes`: more will never be appended. */
  constructor(account: ByteAccount, maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#account = account;
    this.#maxBytes = maxBytes;
  }

  /** False when there is no room for the bytes; the sink is then as before. */
  append(source: Buffer, from: number, to: number): boolean {
    const needed = this.#used + to - from;
    if (needed > this.#buffer.length) {
      if (this.length + to - from > SEGMENT_BYTES) return this.#spill(source, from, to);
      if (!this.#grow(needed)) return false;
    }
    this.#copy(source, from, to);
    return true;
  }

  /** All bytes so far, uncopied; valid until the next `append` or `take`. For no more than SEGMENT_BYTES. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  /** Hands the bytes over, which stay held, and is empty again. */
  take(): Buffer {
    const joining = new Joining(this.#handOver());
    while (!joining.step());
    return joining.whole;
  }

  /** The same, a segment in each turn of the event loop: `done` is called once, in this turn where there is one alone. */
  takeInSteps(done: (whole: Buffer) => void): void {
    const joining = new Joining(this.#handOver());
    const step = (): void => {
      if (joining.step()) done(joining.whole);
      else setImmediate(step);
    };
    step();
  }

  /** Forgets the bytes and gives back what was held for them. */
  drop(): void {
    for (const segment of this.#full) freeMemory(segment);
    freeMemory(this.#buffer);
    this.#account.release(this.#heldBytes);
    this.#clear();
  }

  #copy(source: Buffer, from: number, to: number): void {
    source.copy(this.#buffer, this.#used, from, to);
    this.#used += to - from;
    this.length += to - from;
  }

  /** The only buffer becomes a larger one. */
  #grow(needed: number): boolean {
    const before = this.#buffer;
    const doubled = Math.min(Math.max(before.length * 2, FIRST_BYTES), SEGMENT_BYTES);
    const grown = this.#allocate(doubled, needed, this.#maxBytes);
    if (grown === undefined) return false;
    before.copy(grown, 0, 0, this.#used);
    this.#buffer = grown;
    freeMemory(before);
    this.#release(before.length);
    return true;
  }

  /** Fills the buffer and puts the rest into a new one. */
  #spill(source: Buffer, from: number, to: number): boolean {
    const fits = Math.min(to - from, this.#buffer.length - this.#used);
    const rest = to - from - fits;
    const segment = this.#allocate(SEGMENT_BYTES, rest, this.#maxBytes - this.length - fits);
    if (segment === undefined) return false;
    this.#copy(source, from, from + fits);
    if (this.#used > 0) this.#full.push(this.#buffer);
    this.#buffer = segment;
    this.#used = 0;
    this.#copy(source, from + fits, to);
    return true;
  }

  /** Memory of the wanted size, no more than `most`, or of just what is needed where that alone still fits. */
  #allocate(wanted: number, needed: number, most: number): Buffer | undefined {
    for (const bytes of [Math.max(needed, Math.min(wanted, most)), needed]) {
      if (!this.#account.hold(bytes)) continue;
      this.#heldBytes += bytes;
      return Buffer.allocUnsafeSlow(bytes);
    }
    return undefined;
  }

  #release(bytes: number): void {
    this.#account.release(bytes);
    this.#heldBytes -= bytes;
  }

  #handOver(): readonly Buffer[] {
    const parts = [...this.#full, this.view()];
    this.#account.release(this.#heldBytes - this.length);
    this.#clear();
    return parts;
  }

  #clear(): void {
    this.#full = [];
    this.#buffer = NOTHING;
    this.#used = 0;
    this.#heldBytes = 0;
    this.length = 0;
  }
}

/** Segments on their way into one buffer, whose memory is used only as theirs is given back. */
class Joining {
  readonly whole: Buffer;
  readonly #parts: readonly Buffer[];
  #next = 0;
  #at = 0;

  constructor(parts: readonly Buffer[]) {
    this.#parts = parts;
    const [only] = parts;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.whole = parts.length === 1 && only ? only : Buffer.allocUnsafeSlow(length);
  }

  /** Whether all is there. */
  step(): boolean {
    if (this.#parts.length === 1) return true;
    const part = this.#parts[this.#next++];
    if (part === undefined) return true;
    part.copy(this.whole, this.#at);
    this.#at += part.length;
    freeMemory(part);
    return this.#next === this.#parts.length;
  }
}
