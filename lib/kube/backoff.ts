// How long to wait before the next try. Both ways spread the tries of many clients, so that an API server that comes
// back is not met by all of them at once.

/** Waits of one loop that lost its server: each between the least and three times the last one (decorrelated jitter). */
export class DecorrelatedBackoff {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #lastMs: number;

  constructor(leastMs: number, mostMs: number, random: () => number = Math.random) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#random = random;
    this.#lastMs = leastMs;
  }

  nextMs(): number {
    const span = Math.max(0, this.#lastMs * 3 - this.#leastMs);
    this.#lastMs = Math.min(this.#mostMs, this.#leastMs + this.#random() * span);
    return this.#lastMs;
  }

  reset(): void {
    this.#lastMs = this.#leastMs;
  }
}

/** The wait after the given number of failures in a row (1 = the first): doubling, ± a quarter, between both bounds. */
export function exponentialMs(
  failures: number,
  leastMs: number,
  mostMs: number,
  random: () => number = Math.random,
): number {
  const doubled = leastMs * 2 ** Math.min(failures - 1, 40);
  return Math.max(leastMs, Math.min(mostMs, doubled * (0.75 + random() * 0.5)));
}

/** Resolves after the wait, or at once when the signal fires: the caller looks at the signal then. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
