// Turns a deployment's plan into Envoy's files, as JSON values. Pure: equal input gives equal output, byte for byte.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { renderBootstrap } from './bootstrap.ts';
import { innerCluster } from '../kit/cluster.ts';
import { unitClusters } from './clusters.ts';
import { egressRouteTable } from './egress.ts';
import { explainerClusters, explainerRoutes } from './explainers.ts';
import type { EnvoyJson } from '../kit/json.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import { renderListeners } from './listeners.ts';
import {
  EGRESS_ROUTES,
  FRONT_ROUTES,
  predictorListener,
  predictorRoutes,
  TRACED_EGRESS_LISTENER,
  tracedListener,
} from '../kit/names.ts';
import { predictorRouteTable, tracedRouteTable } from './routes.ts';
import { traceClusters } from './tracing.ts';
import { frontRouteTable, isSplit } from './split.ts';

export interface EnvoyFiles {
  readonly bootstrap: EnvoyJson;
  readonly listeners: readonly EnvoyJson[];
  readonly clusters: readonly EnvoyJson[];
  /** Route tables by name. */
  readonly routes: Readonly<Record<string, EnvoyJson>>;
}

export function renderEnvoy(deployment: DeploymentPlan, layout: EnvoyLayout): EnvoyFiles {
  const plans = deployment.predictors.map((each) => each.plan);
  const split = isSplit(deployment);
  const traced = plans.filter(({ tracing }) => tracing !== undefined);
  // Behind a front route table that has them.
  const explainers = split ? [] : explainerRoutes(deployment);
  const clusters = plans.flatMap((plan) => unitClusters(plan));
  return {
    bootstrap: renderBootstrap(deployment, layout),
    listeners: renderListeners(deployment, layout),
    clusters: [
      ...clusters,
      ...traceClusters(deployment),
      ...explainerClusters(deployment),
      ...(split ? plans.map(({ predictor }) => innerCluster(predictorListener(predictor))) : []),
      ...traced.map(({ predictor }) => innerCluster(tracedListener(predictor))),
      ...(traced.length > 0 ? [innerCluster(TRACED_EGRESS_LISTENER)] : []),
    ],
    routes: {
      ...Object.fromEntries(
        plans.map((plan) => [
          predictorRoutes(plan.predictor),
          predictorRouteTable(plan, explainers),
        ]),
      ),
      ...Object.fromEntries(
        traced.map((plan) => [tracedListener(plan.predictor), tracedRouteTable(plan, explainers)]),
      ),
      [EGRESS_ROUTES]: egressRouteTable(deployment),
      ...(split ? { [FRONT_ROUTES]: frontRouteTable(deployment) } : {}),
    },
  };
}
