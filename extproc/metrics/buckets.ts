// Seldon's histogram buckets and quantiles. They are what dashboards were written against, so Envoy's statistics and
// the filter's own are exported with the same ones.
import { BUCKETS_SECONDS } from '../../graph/plan/names.ts';

/** The quantiles of the `_summary` families. */
export const QUANTILES: readonly number[] = [0.5, 0.75, 0.9, 0.98, 0.99, 1];

/** Observations of one series: counts of each bucket (not cumulative), the last one without a bound. */
export interface Distribution {
  readonly counts: Float64Array;
  sumSeconds: number;
}

export function emptyDistribution(): Distribution {
  return { counts: new Float64Array(BUCKETS_SECONDS.length + 1), sumSeconds: 0 };
}

export function countOf(distribution: Distribution): number {
  let total = 0;
  for (const count of distribution.counts) total += count;
  return total;
}

export function addTo(target: Distribution, source: Distribution): void {
  for (let index = 0; index < target.counts.length; index++) {
    target.counts[index] = (target.counts[index] ?? 0) + (source.counts[index] ?? 0);
  }
  target.sumSeconds += source.sumSeconds;
}

/**
 * Estimates a quantile in seconds, linearly inside the bucket that holds it (as Prometheus' `histogram_quantile`
 * does); the bucket without a bound answers its lower bound. NaN without observations.
 */
export function quantileOf(distribution: Distribution, quantile: number): number {
  const total = countOf(distribution);
  if (total === 0) return Number.NaN;
  const rank = quantile * total;
  let below = 0;
  for (let index = 0; index < BUCKETS_SECONDS.length; index++) {
    const count = distribution.counts[index] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = index === 0 ? 0 : (BUCKETS_SECONDS[index - 1] ?? 0);
      const upper = BUCKETS_SECONDS[index] ?? lower;
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return BUCKETS_SECONDS.at(-1) ?? 0;
}
