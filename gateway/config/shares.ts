// Who gets which share of a deployment's requests now. A predictor joins once it has a ready pod; until then its share stays
// with the predictors that the deployment no longer names, while they are there, else it falls to the others.
import type { Backend, ServedDeployment, ServedPredictor } from './served.ts';
import type { Transport } from '../../graph/plan/plan.ts';

/** Shares are counted in hundredths of a percent. */
const STEPS = 100;

export interface Share {
  readonly service: string;
  readonly weight: number;
}

export interface Mirror {
  readonly service: string;
  readonly percent: number;
}

export interface Shares {
  /** Empty: nobody can answer. Weights are above 0. */
  readonly serving: readonly Share[];
  readonly mirrors: readonly Mirror[];
}

export function shareTraffic(
  served: ServedDeployment,
  backends: readonly Backend[],
  transport: Transport,
): Shares {
  const ready = new Set(
    backends.filter((each) => each[transport].length > 0).map((each) => each.service),
  );
  const named = served.predictors.filter((each) => !each.shadow && each.traffic > 0);
  const [joined, waiting] = [true, false].map((is) =>
    named.filter((each) => ready.has(each.service) === is),
  ) as [ServedPredictor[], ServedPredictor[]];
  const old = listLeftovers(served, backends).filter((service) => ready.has(service));
  const missing = waiting.reduce((sum, each) => sum + each.traffic, 0) * STEPS;
  return {
    serving: [
      ...joined.map(({ service, traffic }) => ({ service, weight: traffic * STEPS })),
      ...(missing === 0
        ? []
        : old.map((service) => ({ service, weight: Math.ceil(missing / old.length) }))),
    ],
    mirrors: served.predictors
      .filter((each) => each.shadow && ready.has(each.service))
      .map(({ service, traffic }) => ({ service, percent: traffic })),
  };
}

/** Services of predictors that the deployment no longer names. */
export function listLeftovers(served: ServedDeployment, backends: readonly Backend[]): string[] {
  const named = new Set(
    served.predictors.flatMap(({ service, explainerService }) => [service, explainerService]),
  );
  return backends
    .filter(({ service, isPredictor }) => isPredictor && !named.has(service))
    .map(({ service }) => service);
}
