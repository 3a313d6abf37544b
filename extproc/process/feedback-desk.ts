// What all plans of a worker share for feedback: the memory of requests, the way to those of the other workers, the counts.
import type { DeploymentPlan, FeedbackMemory } from '../../graph/plan/plan.ts';
import { BranchMemory } from '../feedback/branch-memory.ts';
import type { FeedbackCounts } from '../metrics/worker-counts.ts';
import type { StateStore } from '../policies/state-store.ts';
import type { FeedbackDesk } from '../walk/context.ts';
import { deskAround } from '../walk/desk.ts';
import type { WorkerMessage } from './ipc.ts';

export function openFeedback(
  workers: number,
  states: StateStore,
  send: (message: WorkerMessage) => void,
): FeedbackDesk {
  const siblings =
    workers < 2
      ? undefined
      : {
          ask: (id: number, puid: string) => send({ type: 'recall', id, puid }),
          release: (id: number, puid: string) => send({ type: 'release', id, puid }),
        };
  return deskAround(new BranchMemory(), siblings, states);
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
