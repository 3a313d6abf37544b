// Makes lessons of feedback: what it adds to the state of the routers that learn. A reward is the mean success of a batch, from 0 to 1, as
// for Seldon's bandits: of so many rows of the request, reward × rows are successes of the branch that they took. In: a feedback that its
// units have taken; out: the state of each such router, and counts of what became of feedback.
import { listLearners } from '../policies/learners.ts';
import type { OpenState, StateStore, UnitState } from '../policies/state-store.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { findOnTheWay } from './on-the-way.ts';

/** What became of a feedback that came to a router that learns. */
export const LESSON_RESULTS = [
  'learned',
  /** Learned, as 0 or 1: the reward was below or above. */
  'clamped',
  /** The reward is no finite number, the request has no rows, or it did not take one branch. */
  'ignored',
] as const;

export type LessonCounts = Record<(typeof LESSON_RESULTS)[number], number>;

export function noLessons(): LessonCounts {
  return { learned: 0, clamped: 0, ignored: 0 };
}

/** The routers of a plan that learn. */
export interface PlanLessons {
  /** Whether there is any. */
  readonly any: boolean;
  /** By the unit's position; undefined for one that does not learn. */
  stateOf(unit: number): UnitState | undefined;
  /** `choices`: of each unit, as a walk keeps them. */
  add(choices: Int32Array, reward: number, rows: number): void;
  /** The plan is gone. */
  close(): void;
}

export function openLessons(plan: Plan, store: StateStore, counts: LessonCounts): PlanLessons {
  const states = new Map<number, OpenState>(
    listLearners(plan).map(({ unit, learner }) => [unit, store.open(learner)]),
  );
  const findUnits = findOnTheWay(plan);
  return {
    any: states.size > 0,
    stateOf: (unit) => states.get(unit)?.state,
    add: (choices, reward, rows) => {
      // What a shadow gets is feedback of responses that it did not make.
      if (states.size === 0 || plan.isShadow === true) return;
      const isOnTheWay = findUnits(choices);
      const isUsable = Number.isFinite(reward) && rows > 0;
      const mean = Math.min(Math.max(reward, 0), 1);
      for (const [unit, { learn }] of states) {
        if (isOnTheWay[unit] !== true) continue;
        const branch = choices[unit] as number;
        if (!isUsable || branch < 0) counts.ignored++;
        else {
          learn(branch, rows, mean * rows);
          counts[mean === reward ? 'learned' : 'clamped']++;
        }
      }
    },
    close: () => {
      for (const state of states.values()) state.close();
    },
  };
}
