// Reads Envoy's statistics from its admin socket: the histograms that its `stats` access loggers fill, with Seldon's
// labels packed on them, in microseconds.
import {
  BUCKETS_SECONDS,
  CLIENT_HISTOGRAM,
  ROUTE_LABELS,
  ROUTE_TAG,
  SERVER_HISTOGRAM,
  STATS_PREFIX,
  UNIT_LABELS,
  UNIT_TAG,
} from '../../graph/plan/names.ts';
import { type Distribution, emptyDistribution } from './buckets.ts';
import { type MetricLabels, parseMetricSample } from './prometheus-text.ts';
import type { SeldonFamily } from './seldon-families.ts';

const MICROSECONDS = 1e6;
/** Room for rounding when a bound in microseconds is compared with one in seconds. */
const BOUND_SLACK = 1e-9;

/** `envoy_sidegraph_server_requests_us_bucket` and its like. */
const SERIES_NAME = new RegExp(
  `^envoy_${STATS_PREFIX}_(${SERVER_HISTOGRAM}|${CLIENT_HISTOGRAM})_(bucket|sum|count)$`,
);
const LE = ',le="';

export interface EnvoySeries {
  readonly family: SeldonFamily;
  readonly labels: MetricLabels;
  readonly distribution: Distribution;
}

/**
 * Seldon's series in a text of `/stats/prometheus`. Series that Seldon does not count (responses that no service gave,
 * requests that reached no unit) are left out.
 */
export function parseEnvoySeries(text: string): EnvoySeries[] {
  const rows = new Map<string, Row>();
  for (const line of text.split('\n')) {
    const [open, close] = [line.indexOf('{'), line.lastIndexOf('} ')];
    const [, side, part] = SERIES_NAME.exec(line.slice(0, Math.max(open, 0))) ?? [];
    if (side === undefined || close < 0) continue;
    // Lines of one series have the same labels in the same words, which are read once; `le` is the last.
    const le = part === 'bucket' ? line.lastIndexOf(LE, close) : -1;
    const words = line.slice(open + 1, le < 0 ? close : le);
    const key = `${side} ${words}`;
    let row = rows.get(key);
    if (row === undefined) {
      const labels = parseMetricSample(`series{${words}} 0`)?.labels;
      if (labels === undefined) continue;
      row = { side, labels, bounds: [], sum: 0 };
      rows.set(key, row);
    }
    const value = Number(line.slice(close + 2));
    if (part === 'sum') row.sum = value / MICROSECONDS;
    if (le >= 0)
      row.bounds.push({ seconds: boundOf(line.slice(le + LE.length, close - 1)), total: value });
  }
  return [...rows.values()].flatMap((row) => {
    const labels = seldonLabels(row);
    if (labels === undefined) return [];
    const side = row.side === SERVER_HISTOGRAM ? 'server' : 'client';
    return [
      {
        family: `seldon_api_executor_${side}_requests_seconds` as const,
        labels,
        distribution: distributionOf(row),
      },
    ];
  });
}

interface Row {
  /** Which of the two histograms. */
  readonly side: string;
  readonly labels: MetricLabels;
  readonly bounds: { readonly seconds: number; readonly total: number }[];
  sum: number;
}

/** What Envoy writes where a value is missing. */
const ABSENT = '-';

/**
 * The codes of what got no response, by what Envoy writes: 0 over REST, nothing or its dash over gRPC. Of a request it is a client that
 * went away (499, as proxies mostly log it). Of a call it is a unit that was too slow or broke off, or, without a flag, a request that
 * was over before the unit had responded; the filter counts its own calls alike.
 */
const UNANSWERED: Readonly<Record<'over' | 'late' | 'broken', Readonly<Record<string, string>>>> = {
  over: { '0': '499', '': 'Canceled', [ABSENT]: 'Canceled' },
  late: { '0': '500', '': 'DeadlineExceeded', [ABSENT]: 'DeadlineExceeded' },
  broken: { '0': '500', '': 'Unavailable', [ABSENT]: 'Unavailable' },
};

/** Seldon's labels; undefined for what Seldon does not count: responses that no service gave, requests that reached no unit. */
function seldonLabels({ side, labels }: Row): MetricLabels | undefined {
  const route = unpack(labels[ROUTE_TAG], ROUTE_LABELS);
  if (route === undefined) return undefined;
  const isServer = side === SERVER_HISTOGRAM;
  const [said = '', flags] = (labels['code'] ?? '').split(' ', 2);
  const how = isServer || flags === ABSENT ? 'over' : isLate(flags) ? 'late' : 'broken';
  const code = UNANSWERED[how][said] ?? said;
  if (isServer) return { ...route, code };
  const unit = unpack(labels[UNIT_TAG], UNIT_LABELS);
  const path = labels['path'] === ABSENT ? '' : (labels['path'] ?? '');
  return unit === undefined ? undefined : { ...route, ...unit, service: path, code };
}

/** Envoy's flag of a call that took longer than its timeout. */
function isLate(flags: string | undefined): boolean {
  return flags?.split(',').includes('UT') === true;
}

/** A packed label as the labels that it stands for; undefined when it is none. */
function unpack(packed: string | undefined, names: readonly string[]): MetricLabels | undefined {
  if (packed === undefined || !packed.startsWith('[')) return undefined;
  try {
    const values: unknown = JSON.parse(packed);
    if (!Array.isArray(values)) return undefined;
    return Object.fromEntries(names.map((name, index) => [name, String(values[index] ?? '')]));
  } catch {
    return undefined;
  }
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
