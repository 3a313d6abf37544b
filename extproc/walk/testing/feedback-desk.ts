// What programs share for feedback, around any memory, with routers that learn in this process alone.
import type { BranchMemory } from '../../feedback/branch-memory.ts';
import { noLessons } from '../../feedback/lessons.ts';
import { Recaller, type Siblings } from '../../feedback/recaller.ts';
import { noResults } from '../../feedback/results.ts';
import { FeedbackTotals } from '../../feedback/totals.ts';
import { MemoryStore } from '../../policies/memory-store.ts';
import type { FeedbackDesk } from '../context.ts';
import { FeedbackGraphs } from '../feedback-graph.ts';

export function deskAround(memory: BranchMemory, siblings: Siblings | undefined): FeedbackDesk {
  return {
    memory,
    recaller: new Recaller(memory, siblings),
    totals: new FeedbackTotals(),
    results: noResults(),
    graphs: new FeedbackGraphs(),
    states: new MemoryStore(),
    lessons: noLessons(),
  };
}
