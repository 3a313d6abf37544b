// What one worker says of its calls and of itself; the supervisor asks all of them over IPC and adds up. The counts of a worker
// that was started again begin at 0, as those of any process.
import type { CallHistograms, CallLabels } from './call-histograms.ts';
import type { ProcessGauges, ProcessValues } from './process-gauges.ts';

export interface WorkerCounts {
  readonly calls: readonly {
    readonly labels: CallLabels;
    /** Of each bucket, as in `Distribution`. */
    readonly counts: readonly number[];
    readonly sumSeconds: number;
  }[];
  /** Calls under way, by `predictor/unit`; those over egress are Envoy's to count. */
  readonly active: Readonly<Record<string, number>>;
  readonly process: ProcessValues;
}

export function readCounts(calls: CallHistograms, gauges: ProcessGauges): WorkerCounts {
  return {
    calls: [...calls.collect()].map(({ labels, distribution }) => ({
      labels,
      counts: [...distribution.counts],
      sumSeconds: distribution.sumSeconds,
    })),
    active: calls.active(),
    process: gauges.read(),
  };
}
