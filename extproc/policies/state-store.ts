// What routers learn: for each branch a sum of tries and of successes. Sums can be added up in any order, so that the
// processes of a filter learn the same by sending each other what was added. In: lessons; out: a state that policies read
// on the event loop, without waiting. It belongs to the unit of a predictor and to the names of its children: all plans and both
// transports that have them share it, and it goes when the last plan that has them is closed.

/** A unit that learns, and its children by name, in their order. */
export interface Learner {
  readonly namespace: string;
  readonly deployment: string;
  readonly predictor: string;
  readonly unit: string;
  readonly children: readonly string[];
}

/** Neither need be whole: a reward of 0.8 is 0.8 of a success. */
export interface BranchState {
  readonly tries: number;
  /** From 0 to `tries`. */
  readonly successes: number;
}

/** What a policy reads when it chooses. */
export interface UnitState {
  /** By the position of the child. */
  readonly branches: readonly BranchState[];
  /** Another number after each change. */
  readonly version: number;
}

/** The state of a unit for as long as a plan has it. */
export interface OpenState {
  readonly state: UnitState;
  /** Adds to the branch of a child, here at once and elsewhere soon. */
  learn(branch: number, tries: number, successes: number): void;
  /** The plan is gone. */
  close(): void;
}

export interface StateStore {
  open(learner: Learner): OpenState;
}

/** What was added to a branch, as processes send it to each other. */
export interface Lesson extends BranchState {
  /** `namespace/deployment/predictor/unit`. */
  readonly unit: string;
  readonly child: string;
}

/** Of a unit that does not learn. */
export const NO_STATE: UnitState = { branches: [], version: 0 };
