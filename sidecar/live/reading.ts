// One reading of a graph's counters: Seldon's two families in a text of the metrics page, added up by predictor, unit and service. What
// counts as an error is decided here: a fault of a server, not a request that was wrong.
import { type Distribution, emptyDistribution } from '../../extproc/metrics/buckets.ts';
import { readSamples } from '../../extproc/metrics/prometheus-text.ts';
import { BUCKETS_SECONDS } from '../../graph/plan/names.ts';

export interface Tally {
  count: number;
  errors: number;
  readonly distribution: Distribution;
}

/** By the label `service`. */
export type TallyTable = ReadonlyMap<string, Tally>;

export interface Reading {
  /** Of a clock that never goes back, ms. */
  readonly atMs: number;
  /** Since 1970, ms. */
  readonly wallMs: number;
  /** Requests, at all listeners; null where Envoy did not say. */
  readonly inFlight: number | null;
  /** Calls to units, by `predictor/unit`. */
  readonly active: ReadonlyMap<string, number>;
  /** By predictor. */
  readonly servers: ReadonlyMap<string, TallyTable>;
  /** By `predictor/unit`. */
  readonly units: ReadonlyMap<string, TallyTable>;
}

const SERIES = /^seldon_api_executor_(server|client)_requests_seconds_(bucket|sum|count)$/;
const SLACK = 1e-9;

/** What `text` says of all predictors and units. */
export function readCounters(text: string): Pick<Reading, 'servers' | 'units'> {
  const servers = new Map<string, Map<string, Tally>>();
  const units = new Map<string, Map<string, Tally>>();
  // A series' buckets follow each other, each with the sum of those before it.
  let below = 0;
  readSamples(text, ({ name, labels, value }) => {
    const [, side, part] = SERIES.exec(name) ?? [];
    if (side === undefined) return;
    const predictor = labels['predictor_name'] ?? '';
    const key = side === 'server' ? predictor : `${predictor}/${labels['model_name'] ?? ''}`;
    const tally = tallyOf(side === 'server' ? servers : units, key, labels['service'] ?? '');
    if (part === 'sum') tally.distribution.sumSeconds += value;
    else if (part === 'count') {
      tally.count += value;
      if (isFault(labels['code'] ?? '')) tally.errors += value;
      below = 0;
    } else {
      const le = Number(labels['le'] === '+Inf' ? Infinity : labels['le']);
      const found = BUCKETS_SECONDS.findIndex((bound) => le <= bound + SLACK);
      const index = found < 0 ? BUCKETS_SECONDS.length : found;
      const { counts } = tally.distribution;
      counts[index] = (counts[index] ?? 0) + value - below;
      below = value;
    }
  });
  return { servers, units };
}

function tallyOf(tables: Map<string, Map<string, Tally>>, key: string, service: string): Tally {
  let table = tables.get(key);
  if (table === undefined) tables.set(key, (table = new Map()));
  let tally = table.get(service);
  if (tally === undefined)
    table.set(service, (tally = { count: 0, errors: 0, distribution: emptyDistribution() }));
  return tally;
}

const GRPC_FAULTS = new Set([
  'Unknown',
  'DeadlineExceeded',
  'ResourceExhausted',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
]);

/** Of a label `code`: a status of 500 and above, none at all, or one of gRPC's faults of a server. */
function isFault(code: string): boolean {
  if (/^\d+$/.test(code)) return Number(code) >= 500 || Number(code) === 0;
  return code === '' || GRPC_FAULTS.has(code);
}

/** What happened between two tallies. A process that was started again counts from 0. */
export function subtract(now: Tally | undefined, before: Tally | undefined): Tally {
  const distribution = emptyDistribution();
  if (now === undefined) return { count: 0, errors: 0, distribution };
  const from = before === undefined || before.count > now.count ? undefined : before;
  now.distribution.counts.forEach((count, index) => {
    distribution.counts[index] = Math.max(0, count - (from?.distribution.counts[index] ?? 0));
  });
  distribution.sumSeconds = Math.max(
    0,
    now.distribution.sumSeconds - (from?.distribution.sumSeconds ?? 0),
  );
  return {
    count: now.count - (from?.count ?? 0),
    errors: Math.max(0, now.errors - (from?.errors ?? 0)),
    distribution,
  };
}
