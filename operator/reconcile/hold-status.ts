// Whether a status can wait for the answers of pods. An operator that has just started has asked no pod yet, and a pod that has just
// started was not asked yet: to write that down first and the answer a moment later would double the writes of a whole cluster.
import { isDeepStrictEqual } from 'node:util';
import { list } from '../observe/fields.ts';
import type { Fields } from '../observe/fields.ts';

/** True when all that differs is which plans pods serve. */
export function differsInPlansAlone(next: Fields, stored: Fields): boolean {
  return isDeepStrictEqual(withoutPlans(next), withoutPlans(stored));
}

function withoutPlans(status: Fields): Fields {
  return {
    ...status,
    predictors: list(status['predictors']).map(({ plans: _plans, ...rest }) => rest),
    conditions: list(status['conditions']).filter((each) => each['type'] !== 'PlanLive'),
  };
}
