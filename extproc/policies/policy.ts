// How a built-in chooses among its children at run time. In: the request's headers and a source of randomness; out: a child.
import type { PolicyParameters } from '../../graph/plan/plan.ts';
import type { RequestHeaders } from '../contract/exchange.ts';
import type { UnitState } from './state-store.ts';

export interface ChoicePolicy {
  /**
   * Position of the child, −1 for all, −2 for none; one that is not there ends the request with ROUTE_OUT_OF_RANGE. Called once
   * for each request that comes by, on the event loop: it may not wait. `random` gives a number from 0 (included) to 1 (excluded).
   */
  choose(headers: RequestHeaders, random: () => number): number;
}

/** Of one unit. */
export interface PolicySpec {
  readonly parameters: PolicyParameters;
  /** How many there are to choose from. */
  readonly children: number;
  /** What the unit has learned so far, and will have; `NO_STATE` where its row does not say `learns`. */
  readonly state: UnitState;
}

/** Opens the policy of a unit, once for each program and transport. */
export type OpenPolicy = (spec: PolicySpec) => ChoicePolicy;
