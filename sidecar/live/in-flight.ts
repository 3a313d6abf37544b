// What is under way: requests at the listeners of the predictors, and calls to units, of which the filter counts its own and Envoy
// those of its clusters.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';

/** Clusters of one unit, by what follows the unit's name in Envoy's statistics. */
const SUFFIXES = ['rest', 'grpc'].flatMap((transport) => [
  transport,
  `${transport}_any`,
  `${transport}_each`,
]);

export interface Busy {
  readonly requests: number;
  /** Calls by `predictor/unit`. */
  readonly calls: ReadonlyMap<string, number>;
}

/**
 * `ofFilter` has calls by `predictor/unit`; `ofEnvoy` has requests by listener and calls by cluster (`predictor_unit_rest`). What passes
 * the front listener is in a predictor's too.
 */
export function addInFlight(
  deployment: DeploymentPlan | undefined,
  ofFilter: ReadonlyMap<string, number>,
  ofEnvoy: {
    readonly requests: ReadonlyMap<string, number>;
    readonly calls: ReadonlyMap<string, number>;
  },
): Busy {
  const calls = new Map(ofFilter);
  let requests = 0;
  for (const { plan } of deployment?.predictors ?? []) {
    requests += ofEnvoy.requests.get(`ingress_${plan.predictor}`) ?? 0;
    for (const { name } of plan.units) {
      const key = `${plan.predictor}/${name}`;
      for (const suffix of SUFFIXES) {
        const count = ofEnvoy.calls.get(`${plan.predictor}_${name}_${suffix}`) ?? 0;
        if (count > 0) calls.set(key, (calls.get(key) ?? 0) + count);
      }
    }
  }
  return { requests, calls };
}
