// How many plans may be swapped in how short a time. Envoy keeps the sockets of each listener that a swap replaced until the
// last requests on it have had their time, so edits that come by the hundred would use up the files that it may open.
import { DRAIN_SECONDS } from '../../envoy/kit/limits.ts';

/** Files that Envoy holds for a swap until its drain is over: two listeners, each with its socket and a copy. */
const FILES_PER_SWAP = 4;
/** Swaps within a drain (300 s) take at most this share of the files that Envoy may open. */
export const SWAP_FILES_SHARE = 0.25;
const MIN_SWAPS = 8;
const MAX_SWAPS = 1000;
const DRAIN_MS = DRAIN_SECONDS * 1000;

export class SwapRoom {
  readonly max: number;
  #swaps: number[] = [];

  /** @param openFiles how many files Envoy may open, undefined for no bound. */
  constructor(openFiles: number | undefined) {
    const fit = Math.floor(((openFiles ?? Infinity) * SWAP_FILES_SHARE) / FILES_PER_SWAP);
    this.max = Math.min(MAX_SWAPS, Math.max(MIN_SWAPS, fit));
  }

  /** A swap at this time, ms. */
  note(now: number): void {
    this.#swaps.push(now);
  }

  /** How long the next swap has to wait, ms. */
  delayMs(now: number): number {
    this.#swaps = this.#swaps.filter((swap) => swap > now - DRAIN_MS);
    const blocking = this.#swaps.at(-this.max);
    return blocking === undefined ? 0 : blocking + DRAIN_MS - now;
  }
}
