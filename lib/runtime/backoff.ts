// How long to wait before a process that died is started again: at once or soon after a long life, twice as long after
// each quick death, never longer than the limit.

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A life at least this long makes the past forgotten. */
  readonly steadyMs: number;
}

/** A unit that crashes is not started in a tight loop. */
export const UNIT_BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000, steadyMs: 10_000 };
/** Graph requests fail while the filter is away, so its first restart does not wait. */
export const FILTER_BACKOFF: Backoff = { firstMs: 0, maxMs: 5_000, steadyMs: 5_000 };
export const ENVOY_BACKOFF: Backoff = { firstMs: 0, maxMs: 5_000, steadyMs: 5_000 };

const SECOND_MS = 250;

/** @param quickDeaths how many quick deaths in a row, the last one included; 0 after a long life. */
export function restartDelayMs(backoff: Backoff, quickDeaths: number): number {
  if (quickDeaths <= 1) return backoff.firstMs;
  const base = Math.max(backoff.firstMs, SECOND_MS);
  return Math.min(backoff.maxMs, base * 2 ** Math.min(quickDeaths - 1, 20));
}
