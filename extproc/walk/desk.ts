// The parts of a feedback desk around a memory and a store: what all plans of a process share for feedback.
import type { BranchMemory } from '../feedback/branch-memory.ts';
import { noLessons } from '../feedback/lessons.ts';
import { Recaller, type Siblings } from '../feedback/recaller.ts';
import { noResults } from '../feedback/results.ts';
import { FeedbackTotals } from '../feedback/totals.ts';
import type { StateStore } from '../policies/state-store.ts';
import type { FeedbackDesk } from './context.ts';
import { FeedbackGraphs } from './feedback-graph.ts';

/** `siblings`: undefined where this process is the only one. */
export function deskAround(
  memory: BranchMemory,
  siblings: Siblings | undefined,
  states: StateStore,
): FeedbackDesk {
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
