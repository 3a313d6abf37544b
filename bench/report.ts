// Samples in, tables out: medians of the rounds, and CPU as a ratio to the bare Envoy route under the same load.
import { type Goal, goalOf } from './goals.ts';
import type { Load, Sample } from './measure.ts';

export interface Cell {
  readonly target: string;
  readonly title: string;
  readonly load: Load;
  readonly samples: readonly Sample[];
}

export interface Row {
  readonly target: string;
  readonly title: string;
  readonly load: Load;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly envoyUs: number;
  readonly filterUs: number;
  /** CPU of Envoy and filter over the bare route's, both as medians; null where there is no bare route. */
  readonly ratio: number | null;
  /** CPU over that of the same Sidegraph's chain in Seldon's protocol; null where there is none. */
  readonly ofChain: number | null;
  /** Requests a second over the bare route's; null where there is no bare route. */
  readonly throughput: number | null;
  readonly pssBytes: number;
  readonly goal: Goal | null;
  readonly errors: number;
  readonly firstError: string;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

const sameLoad = (a: Load, b: Load): boolean =>
  a.transport === b.transport && a.bodyBytes === b.bodyBytes && a.connections === b.connections;

export function buildRows(cells: readonly Cell[]): Row[] {
  return cells.map((cell) => {
    const of = (read: (sample: Sample) => number): number => median(cell.samples.map(read));
    const bare = cells.find((other) => other.target === 'bare' && sameLoad(other.load, cell.load));
    // Ratios are taken round by round, so that a slow second of the machine weighs on both sides.
    const over = (other: Cell | undefined, read: (sample: Sample) => number): number | null => {
      if (other === undefined || cell.target === 'direct') return null;
      const ratios = cell.samples.flatMap((sample, round) => {
        const base = other.samples[round];
        return base === undefined || read(base) === 0 ? [] : [read(sample) / read(base)];
      });
      return ratios.length === 0 ? null : median(ratios);
    };
    const tree = cell.target.replace(/[^:]*$/, '');
    const chain = cells.find(
      (other) => other.target === `${tree}chain` && sameLoad(other.load, cell.load),
    );
    const cpu = (sample: Sample): number => sample.envoyUs + sample.filterUs;
    return {
      target: cell.target,
      title: cell.title,
      load: cell.load,
      requestsPerSecond: of((sample) => sample.requests / sample.seconds),
      p50Us: of((sample) => sample.p50Us),
      p99Us: of((sample) => sample.p99Us),
      envoyUs: of((sample) => sample.envoyUs),
      filterUs: of((sample) => sample.filterUs),
      ratio: over(bare, cpu),
      ofChain: over(chain, cpu),
      throughput: over(bare, (sample) => sample.requests / sample.seconds),
      pssBytes: Math.max(...cell.samples.map((sample) => sample.pssBytes)),
      goal: goalOf(cell.target.replace(/^.*:/, ''), cell.load),
      errors: cell.samples.reduce((sum, sample) => sum + sample.errors, 0),
      firstError: cell.samples.find((sample) => sample.firstError !== '')?.firstError ?? '',
    };
  });
}

/** Markdown: one table a transport and body size. */
export function renderTables(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.load.transport === 'rest' ? 'REST' : 'gRPC'}, ${sizeText(row.load.bodyBytes)}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([title, group]) => `### ${title}\n\n${renderTable(group)}`).join('\n\n');
}

function sizeText(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${Math.round(bytes / 1000)} KB`;
}

function renderTable(rows: readonly Row[]): string {
  const head =
    '| | connections | requests/s | of bare | p50 ms | p99 ms | CPU µs Envoy + filter | ratio to bare | goal | PSS MB | errors |\n|---|---|---|---|---|---|---|---|---|---|---|';
  const lines = rows.map((row) => {
    const cells = [
      row.title,
      row.load.connections,
      Math.round(row.requestsPerSecond),
      row.throughput === null ? '–' : row.throughput.toFixed(2),
      (row.p50Us / 1000).toFixed(2),
      (row.p99Us / 1000).toFixed(2),
      row.ratio === null ? '–' : `${row.envoyUs.toFixed(0)} + ${row.filterUs.toFixed(0)}`,
      row.ratio === null ? '–' : row.ratio.toFixed(2),
      row.goal === null ? '' : goalText(row.goal, row),
      row.pssBytes === 0 ? '–' : Math.round(row.pssBytes / 1e6),
      row.errors,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [head, ...lines].join('\n');
}

function goalText(goal: Goal, row: Row): string {
  const verdict = (isMet: boolean): string => (isMet ? 'met' : 'missed');
  switch (goal.kind) {
    case 'ratio':
      return `ratio ≤ ${goal.most}: ${verdict((row.ratio ?? Infinity) <= goal.most)}`;
    case 'of-chain': {
      if (row.ofChain === null) return '';
      const wanted = `≤ ${goal.most} × chain`;
      return `${wanted}: ${row.ofChain.toFixed(2)}, ${verdict(row.ofChain <= goal.most)}`;
    }
    case 'throughput': {
      const wanted = `requests/s ≥ ${goal.least.toFixed(2)} of bare`;
      return `${wanted}: ${verdict((row.throughput ?? 0) >= goal.least)}`;
    }
  }
}
