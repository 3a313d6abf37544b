// The families of what built-in routers have learned, for each branch. The supervisor's totals: each worker knows all of them, so
// theirs are not added up.
import type { BranchState } from '../policies/state-store.ts';
import { BRANCH_LABELS } from './feedback-families.ts';
import type { Family, MetricLabels, MetricType } from './prometheus-text.ts';

export interface LearnedBranch extends BranchState {
  readonly labels: MetricLabels;
}

interface Learned {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Undefined: nothing can be said yet. */
  readonly valueOf: (state: BranchState) => number | undefined;
}

const FAMILIES: readonly Learned[] = [
  {
    name: 'sidegraph_branch_tries_total',
    type: 'counter',
    help: 'Rows of requests through the branch of a built-in router that feedback has come for.',
    valueOf: ({ tries }) => tries,
  },
  {
    name: 'sidegraph_branch_successes_total',
    type: 'counter',
    help: 'How many of them were a success, by their rewards.',
    valueOf: ({ successes }) => successes,
  },
  {
    name: 'sidegraph_branch_value',
    type: 'gauge',
    help: 'The share of successes, from 0 to 1: what the router knows of the branch. Absent before its first feedback.',
    valueOf: ({ tries, successes }) => (tries === 0 ? undefined : successes / tries),
  },
];

/** Without their values, for the docs. */
export const LEARNED_FAMILIES = FAMILIES.map(({ name, type, help }) => ({
  name,
  type,
  help,
  labels: BRANCH_LABELS,
}));

export function learnedFamilies(branches: readonly LearnedBranch[]): Family[] {
  return FAMILIES.map(({ name, type, help, valueOf }) => ({
    name,
    type,
    help,
    samples: branches.flatMap((branch) => {
      const value = valueOf(branch);
      return value === undefined ? [] : [{ name, labels: branch.labels, value }];
    }),
  }));
}
