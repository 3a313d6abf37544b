// What one worker says of its calls and of itself; the supervisor asks all of them over IPC and adds up. The counts of a worker
// that was started again begin at 0, as those of any process.
import type { MemoryNow } from '../feedback/branch-memory.ts';
import type { LessonCounts } from '../feedback/lessons.ts';
import type { ResultCounts } from '../feedback/results.ts';
import type { UnitLabels, UnitTotals } from '../feedback/totals.ts';
import type { CallHistograms, CallLabels } from './call-histograms.ts';
import type { SinkTotals } from './sink-families.ts';
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
  readonly feedback: FeedbackCounts;
  /** Sinks of payload logs. */
  readonly sinks: readonly SinkTotals[];
}

/** What feedback has come to. */
export interface FeedbackCounts {
  /** Of each unit of the plans so far. */
  readonly units: readonly Readonly<UnitTotals>[];
  /** The branches of the routers that there are. */
  readonly branches: readonly UnitLabels[];
  /** Of feedback by puid. */
  readonly results: Readonly<ResultCounts>;
  /** Of feedback to routers that learn. */
  readonly lessons: Readonly<LessonCounts>;
  readonly memory: MemoryNow;
}

export function readCounts(
  calls: CallHistograms,
  gauges: ProcessGauges,
  feedback: FeedbackCounts,
  sinks: readonly SinkTotals[],
): WorkerCounts {
  return {
    calls: [...calls.collect()].map(({ labels, distribution }) => ({
      labels,
      counts: [...distribution.counts],
      sumSeconds: distribution.sumSeconds,
    })),
    active: calls.active(),
    process: gauges.read(),
    feedback,
    sinks,
  };
}
