// What the control servers answer for: every plan that is loaded, and the deployment loaded last.
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';

export interface LiveDeployment {
  /** The deployment loaded last; undefined before the first load. */
  current(): DeploymentPlan | undefined;
  /** A loaded plan by its hash; undefined asks for the first predictor of the current deployment. */
  plan(hash: string | undefined): Plan | undefined;
}

/** The plans whose units must answer for the current deployment to be ready; shadows take no part. */
export function servingPlans(live: LiveDeployment): readonly Plan[] {
  const predictors = live.current()?.predictors ?? [];
  return predictors.filter(({ shadow }) => !shadow).map(({ plan }) => plan);
}
