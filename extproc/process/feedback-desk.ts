// What all plans of a worker share for feedback: the memory of requests, the way to those of the other workers, the counts.
import type { DeploymentPlan, FeedbackMemory } from '../../graph/plan/plan.ts';
import { BranchMemory } from '../feedback/branch-memory.ts';
import { noLessons } from '../feedback/lessons.ts';
import { Recaller } from '../feedback/recaller.ts';
import { noResults } from '../feedback/results.ts';
import { FeedbackTotals } from '../feedback/totals.ts';
import type { FeedbackCounts } from '../metrics/worker-counts.ts';
import type { StateStore } from '../policies/state-store.ts';
import type { FeedbackDesk } from '../walk/context.ts';
import { FeedbackGraphs } from '../walk/feedback-graph.ts';
import type { WorkerMessage } from './ipc.ts';

export function openFeedback(
  workers: number,
  states: StateStore,
  send: (message: WorkerMessage) => void,
): FeedbackDesk {
  const memory = new BranchMemory();
  const siblings =
    workers < 2
      ? undefined
      : {
          ask: (id: number, puid: string) => send({ type: 'recall', id, puid }),
          release: (puid: string) => send({ type: 'release', puid }),
        };
  return {
    memory,
    recaller: new Recaller(memory, siblings),
    totals: new FeedbackTotals(),
    results: noResults(),
    graphs: new FeedbackGraphs(),
    states,
    lessons: noLessons(),
  };
}

export function countFeedback({ memory, totals, results, lessons }: FeedbackDesk): FeedbackCounts {
  return {
    units: totals.units(),
    branches: totals.branches(),
    results: { ...results },
    lessons: { ...lessons },
    memory: memory.counts(),
  };
}

/** Of each bound the largest of the predictors; undefined where none remembers. */
export function boundsOf({ predictors }: DeploymentPlan): FeedbackMemory | undefined {
  const all = predictors.flatMap(({ plan }) => plan.feedbackMemory ?? []);
  if (all.length === 0) return undefined;
  return {
    feedbackTtlMs: Math.max(...all.map((each) => each.feedbackTtlMs)),
    feedbackEntries: Math.max(...all.map((each) => each.feedbackEntries)),
    feedbackBytes: Math.max(...all.map((each) => each.feedbackBytes)),
  };
}
