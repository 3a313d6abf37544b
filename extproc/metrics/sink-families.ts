// What became of payload logs, for each sink of the filter: the workers' counts, added up.
import type { DescribedFamily, Family } from './prometheus-text.ts';

export interface SinkTotals {
  readonly sink: string;
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly withheld: number;
  readonly waiting: number;
}

const RESULTS = ['sent', 'dropped', 'failed', 'withheld'] as const;

const EVENTS: DescribedFamily = {
  name: 'sidegraph_payload_log_sink_payloads_total',
  type: 'counter',
  help: 'Payloads for each sink, by what became of them: sent, dropped, failed, withheld.',
  labels: ['result', 'sink'],
};
const WAITING: DescribedFamily = {
  name: 'sidegraph_payload_log_sink_waiting',
  type: 'gauge',
  help: 'Payloads that wait for the sink or are being sent to it.',
  labels: ['sink'],
};

/** Without their values, for the docs. */
export const SINK_FAMILIES: readonly DescribedFamily[] = [EVENTS, WAITING];

/** Of all workers; of a graph that logs no payloads, families without samples. */
export function sinkFamilies(workers: readonly (readonly SinkTotals[])[]): Family[] {
  const bySink = Map.groupBy(workers.flat(), ({ sink }) => sink);
  const sum = (totals: readonly SinkTotals[], name: keyof Omit<SinkTotals, 'sink'>): number =>
    totals.reduce((value, each) => value + each[name], 0);
  return [
    {
      ...EVENTS,
      samples: [...bySink].flatMap(([sink, totals]) =>
        RESULTS.map((result) => ({
          name: EVENTS.name,
          labels: { result, sink },
          value: sum(totals, result),
        })),
      ),
    },
    {
      ...WAITING,
      samples: [...bySink].map(([sink, totals]) => ({
        name: WAITING.name,
        labels: { sink },
        value: sum(totals, 'waiting'),
      })),
    },
  ];
}
