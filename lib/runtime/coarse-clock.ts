// A clock that costs next to nothing to read: it moves on in steps, and only while somebody reads it.

/** How far it may be behind, ms. */
export const COARSE_MS = 100;

export class CoarseClock {
  #now = 0;
  #isFresh = false;

  /** Milliseconds of a clock that never goes back. */
  readonly now = (): number => {
    if (!this.#isFresh) {
      this.#isFresh = true;
      this.#now = performance.now();
      setTimeout(() => {
        this.#isFresh = false;
      }, COARSE_MS).unref();
    }
    return this.#now;
  };
}
