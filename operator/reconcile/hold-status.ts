// Whether a status can wait for the responses of pods. An operator that has just started has asked no pod yet, and a pod that has just
// started was not asked yet: to write that down first and the response a moment later would double the writes of a whole cluster.
import { objectsOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { isDeepStrictEqual } from 'node:util';

/** True when all that differs is which plans pods serve. */
export function differsInPlansAlone(next: JsonObject, stored: JsonObject): boolean {
  return isDeepStrictEqual(withoutPlans(next), withoutPlans(stored));
}

function withoutPlans(status: JsonObject): JsonObject {
  return {
    ...status,
    predictors: objectsOf(status['predictors']).map(({ plans: _plans, ...rest }) => rest),
    conditions: objectsOf(status['conditions']).filter((each) => each['type'] !== 'PlanLive'),
  };
}
