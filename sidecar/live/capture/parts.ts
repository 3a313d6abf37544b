// Parts of requests that wait for each other: what Envoy told of one, and what the filter sent and got for it, until the line of the
// request comes. Several requests may have one id, so parts of one id are taken in the order in which they came.
import { MAX_WAITING_PART_BYTES, PART_WAIT_MS } from './limits.ts';

interface Part<T> {
  readonly value: T;
  readonly bytes: number;
  readonly cameAtMs: number;
}

export class WaitingParts<T> {
  readonly #now: () => number;
  readonly #byKey = new Map<string, Part<T>[]>();
  #bytes = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** `bytes`: about what it takes. Without room it is not kept. */
  add(key: string, value: T, bytes: number): boolean {
    if (this.#bytes + bytes > MAX_WAITING_PART_BYTES) return false;
    this.#bytes += bytes;
    const list = this.#byKey.get(key) ?? [];
    list.push({ value, bytes, cameAtMs: this.#now() });
    this.#byKey.set(key, list);
    return true;
  }

  take(key: string): T | undefined {
    const list = this.#byKey.get(key);
    const part = list?.shift();
    if (list?.length === 0) this.#byKey.delete(key);
    this.#bytes -= part?.bytes ?? 0;
    return part?.value;
  }

  /** Those that have waited too long; they are not here any more. */
  expire(): readonly T[] {
    const before = this.#now() - PART_WAIT_MS;
    const expired: T[] = [];
    for (const key of this.#byKey.keys()) {
      while ((this.#byKey.get(key)?.[0]?.cameAtMs ?? Infinity) < before) {
        const value = this.take(key);
        if (value !== undefined) expired.push(value);
      }
    }
    return expired;
  }

  clear(): void {
    this.#byKey.clear();
    this.#bytes = 0;
  }
}
