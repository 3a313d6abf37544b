// The units of a plan that learn.
import { findPolicy } from '../../graph/built-ins/table.ts';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import { unitNameOf } from '../../graph/plan/queries.ts';
import type { Learner } from './state-store.ts';

export interface PlanLearner {
  /** Its position in the plan. */
  readonly unit: number;
  readonly learner: Learner;
}

export function listLearners(plan: Plan): PlanLearner[] {
  const { namespace, deployment, predictor } = plan;
  const nameOf = ({ unit }: Step): string => unitNameOf(plan, unit);
  const visit = (step: Step): PlanLearner[] => {
    const below = step.children.flatMap(visit);
    if (step.choose?.kind !== 'policy' || findPolicy(step.choose.policy)?.learns !== true)
      return below;
    const children = step.children.map(nameOf);
    const learner = { namespace, deployment, predictor, unit: nameOf(step), children };
    return [{ unit: step.unit, learner }, ...below];
  };
  return visit(plan.walk);
}
