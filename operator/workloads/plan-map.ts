// The ConfigMap with a predictor's plan, and its name: one for each set of containers, so that no pod ever gets a plan with units
// that it does not have. An edit that only the plan sees keeps the name and changes the text.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../graph/plan/json-value.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { PLAN_KEY } from '../../cluster/names.ts';
import { renderPlanFile } from '../../cluster/plan-file.ts';
import type { Labels } from './labels.ts';
import type { PlacedPredictor } from './place-predictors.ts';
import { isLoopback } from '../../lib/runtime/hosts.ts';
import { isEntry } from './labels.ts';

/** 10 hex digits over the units' containers: which there are, in which pod, on which ports. */
function planRevision(placed: PlacedPredictor): string {
  const containers = placed.components.flatMap((component) =>
    component.containers.flatMap(({ unit, name, container, service }) =>
      unit === undefined
        ? []
        : [
            {
              unit: unit.name,
              name,
              ports: container.ports,
              at: isEntry(placed, component) ? 'entry' : (service?.name ?? ''),
            },
          ],
    ),
  );
  for (const { unit, service } of placed.joined)
    if (unit.endpoint !== undefined && isLoopback(unit.endpoint.host))
      containers.push({
        unit: unit.name,
        name: unit.name,
        ports: { http: unit.endpoint.httpPort, grpc: unit.endpoint.grpcPort, metrics: 0 },
        at: `joined ${service.name}`,
      });
  containers.sort((left, right) => (left.unit < right.unit ? -1 : 1));
  return createHash('sha256').update(canonicalJson(containers)).digest('hex').slice(0, 10);
}

export function planMapName(placed: PlacedPredictor): string {
  return `${placed.key}-plan-${planRevision(placed)}`;
}

/** A pod serves its own predictor whole; weights and shadows are the gateway's. */
export function renderPlanMap(name: string, plan: Plan, labels: Labels): KubeObject {
  const content: DeploymentPlan = {
    deployment: plan.deployment,
    namespace: plan.namespace,
    predictors: [{ plan, traffic: 100, shadow: false }],
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels },
    data: { [PLAN_KEY]: renderPlanFile(content, name) },
  };
}
