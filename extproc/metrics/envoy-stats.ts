// Reads Envoy's statistics from its admin socket: the histograms that its `stats` access loggers fill, with Seldon's
// labels already on them, in microseconds.
import {
  BUCKETS_SECONDS,
  CLIENT_HISTOGRAM,
  SERVER_HISTOGRAM,
  STATS_PREFIX,
} from '../../graph/names.ts';
import { type Distribution, emptyDistribution } from './buckets.ts';
import { type Labels, readSamples } from './prometheus-text.ts';
import type { SeldonFamily } from './seldon-families.ts';

const MICROSECONDS = 1e6;
/** Room for rounding when a bound in microseconds is compared with one in seconds. */
const BOUND_SLACK = 1e-9;

/** `envoy_sidegraph_server_requests_us_bucket` and its like. */
const SERIES_NAME = new RegExp(
  `^envoy_${STATS_PREFIX}_(${SERVER_HISTOGRAM}|${CLIENT_HISTOGRAM})_(bucket|sum|count)$`,
);

export interface EnvoySeries {
  readonly family: SeldonFamily;
  readonly labels: Labels;
  readonly distribution: Distribution;
}

/**
 * Seldon's series in a text of `/stats/prometheus`. Series that Seldon does not count (answers that no service gave,
 * requests that reached no unit) are left out.
 */
export function parseEnvoySeries(text: string): EnvoySeries[] {
  const rows = new Map<string, Row>();
  readSamples(text, ({ name, labels, value }) => {
    const [, side, part] = SERIES_NAME.exec(name) ?? [];
    if (side === undefined || part === undefined) return;
    const { le, ...own } = labels;
    const key = `${side} ${JSON.stringify(own)}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = { side, labels: own, bounds: [], sum: 0 };
      rows.set(key, row);
    }
    if (part === 'sum') row.sum = value / MICROSECONDS;
    if (part === 'bucket' && le !== undefined) {
      row.bounds.push({ seconds: boundOf(le), total: value });
    }
  });
  return [...rows.values()].filter(isCounted).map((row) => ({
    family: `seldon_api_executor_${row.side === SERVER_HISTOGRAM ? 'server' : 'client'}_requests_seconds`,
    labels: seldonLabels(row.labels),
    distribution: distributionOf(row),
  }));
}

interface Row {
  /** Which of the two histograms. */
  readonly side: string;
  readonly labels: Labels;
  readonly bounds: { readonly seconds: number; readonly total: number }[];
  sum: number;
}

/** What Envoy writes where a value is missing. */
const ABSENT = '-';

/** Services of Seldon's executor that are asked by GET; Envoy's logger writes one verb for all of REST. */
const ASKED_BY_GET = new Set(['status', 'metadata']);

function seldonLabels(labels: Labels): Labels {
  const known = Object.entries(labels).map(([name, value]) => [
    name,
    value === ABSENT ? '' : value,
  ]);
  const method = ASKED_BY_GET.has(labels.service ?? '') ? { method: 'get' } : {};
  return { ...Object.fromEntries(known), ...method };
}

function isCounted({ side, labels }: Row): boolean {
  const key = side === SERVER_HISTOGRAM ? labels.service : labels.model_name;
  return key !== undefined && key !== '' && key !== ABSENT;
}

function boundOf(le: string): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) / MICROSECONDS;
}

/** Turns cumulative counts under any bounds into counts of our buckets. */
function distributionOf({ bounds, sum }: Row): Distribution {
  const distribution = emptyDistribution();
  distribution.sumSeconds = sum;
  let before = 0;
  for (const { seconds, total } of bounds.sort((a, b) => a.seconds - b.seconds)) {
    const found = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound + BOUND_SLACK);
    const index = found < 0 ? BUCKETS_SECONDS.length : found;
    distribution.counts[index] = (distribution.counts[index] ?? 0) + Math.max(0, total - before);
    before = Math.max(before, total);
  }
  return distribution;
}
