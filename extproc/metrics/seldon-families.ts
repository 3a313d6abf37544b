// Builds Seldon's two metric families, server and client, out of Envoy's statistics and the filter's own counts:
// Seldon's names and labels, seconds, and a `_summary` family with quantiles beside each histogram.
import { BUCKETS_SECONDS } from '../../graph/plan/names.ts';
import { addTo, type Distribution, emptyDistribution, QUANTILES, quantileOf } from './buckets.ts';
import type { Family, MetricLabels, WrittenSample } from './prometheus-text.ts';

export type SeldonFamily =
  | 'seldon_api_executor_server_requests_seconds'
  | 'seldon_api_executor_client_requests_seconds';

const HELP: Readonly<Record<SeldonFamily, string>> = {
  seldon_api_executor_server_requests_seconds: 'A histogram of latencies for requests to the graph',
  seldon_api_executor_client_requests_seconds: 'A histogram of latencies for calls to units',
};

const SERVER_LABELS = [
  'deployment_name',
  'predictor_name',
  'predictor_version',
  'service',
  'method',
  'code',
];

/** The families without their values, for the docs. */
export function describeSeldonFamilies(): readonly {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}[] {
  return (Object.keys(HELP) as SeldonFamily[]).flatMap((name) => {
    const labels = name.includes('server')
      ? SERVER_LABELS
      : [...SERVER_LABELS, 'model_name', 'model_image', 'model_version'];
    return [
      { name, type: 'histogram', help: HELP[name], labels },
      {
        name: `${name}_summary`,
        type: 'summary',
        help: 'The same as quantiles, estimated from the buckets since the start',
        labels,
      },
    ];
  });
}

/** The series of one family by their labels; equal labels from several sources become one series. */
export class SeriesTable {
  readonly #rows = new Map<string, { labels: MetricLabels; distribution: Distribution }>();

  add(labels: MetricLabels, distribution: Distribution): void {
    const sorted = Object.fromEntries(
      Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
    const key = JSON.stringify(sorted);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { labels: sorted, distribution: emptyDistribution() };
      this.#rows.set(key, row);
    }
    addTo(row.distribution, distribution);
  }

  /** The histogram and the summary; series in the order of their labels. */
  families(name: SeldonFamily): Family[] {
    const rows = [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, row]) => row);
    return [
      {
        name,
        type: 'histogram',
        help: HELP[name],
        samples: rows.flatMap((row) => histogramSamples(name, row.labels, row.distribution)),
      },
      {
        name: `${name}_summary`,
        type: 'summary',
        help: `${HELP[name]}, quantiles estimated from the histogram's buckets since the start`,
        samples: rows.flatMap((row) =>
          summarySamples(`${name}_summary`, row.labels, row.distribution),
        ),
      },
    ];
  }
}

function histogramSamples(
  name: string,
  labels: MetricLabels,
  distribution: Distribution,
): WrittenSample[] {
  const samples: WrittenSample[] = [];
  let total = 0;
  for (const [index, count] of distribution.counts.entries()) {
    total += count;
    const le = index < BUCKETS_SECONDS.length ? String(BUCKETS_SECONDS[index]) : '+Inf';
    samples.push({ name: `${name}_bucket`, labels, last: ['le', le], value: total });
  }
  return [...samples, ...totals(name, labels, distribution.sumSeconds, total)];
}

function summarySamples(
  name: string,
  labels: MetricLabels,
  distribution: Distribution,
): WrittenSample[] {
  const samples: WrittenSample[] = QUANTILES.map((quantile) => ({
    name,
    labels,
    last: ['quantile', String(quantile)] as const,
    value: quantileOf(distribution, quantile),
  }));
  const total = distribution.counts.reduce((sum, count) => sum + count, 0);
  return [...samples, ...totals(name, labels, distribution.sumSeconds, total)];
}

function totals(name: string, labels: MetricLabels, sum: number, count: number): WrittenSample[] {
  return [
    { name: `${name}_sum`, labels, value: sum },
    { name: `${name}_count`, labels, value: count },
  ];
}
