// Explainers behind the ingress of `run`, as the gateway has them in a cluster: below `/seldon/NAMESPACE/NAME-explainer/PREDICTOR/`,
// which is stripped. They are no part of the graph: whatever they are asked goes to them as it is.
import { isIP } from 'node:net';
import { LIMITS } from '../../graph/plan/limits.ts';
import type { DeploymentPlan, PredictorPlan } from '../../graph/plan/plan.ts';
import { loadAssignment, socketAddress, upstreamProtocol } from '../kit/cluster.ts';
import { type EnvoyJson, duration } from '../kit/json.ts';
import { CONNECT_TIMEOUT_MS, REST_IDLE_MS, UNIT_BUFFER_BYTES } from '../kit/limits.ts';

export function explainerClusters({ predictors }: DeploymentPlan): EnvoyJson[] {
  return predictors.flatMap(({ plan, explainer }) => {
    if (explainer === undefined) return [];
    const name = clusterName(plan.predictor);
    const { host, port } = explainer;
    return [
      {
        name,
        type: isIP(host) === 0 ? 'STRICT_DNS' : 'STATIC',
        connect_timeout: duration(CONNECT_TIMEOUT_MS),
        per_connection_buffer_limit_bytes: UNIT_BUFFER_BYTES,
        typed_extension_protocol_options: upstreamProtocol('http_protocol_options', {
          idleMs: REST_IDLE_MS,
        }),
        load_assignment: loadAssignment(name, [socketAddress(host, port)]),
      },
    ];
  });
}

/** To be before all other routes of the ingress. */
export function explainerRoutes(deployment: DeploymentPlan): EnvoyJson[] {
  return deployment.predictors.flatMap((predictor) =>
    predictor.explainer === undefined
      ? []
      : [
          {
            match: { prefix: explainerPath(deployment, predictor) },
            route: {
              cluster: clusterName(predictor.plan.predictor),
              prefix_rewrite: '/',
              // An explanation asks the model hundreds of times.
              timeout: duration(LIMITS.deadlineMs.default),
            },
          },
        ],
  );
}

export function explainerPath(
  { namespace, deployment }: DeploymentPlan,
  { plan }: PredictorPlan,
): string {
  return `/seldon/${namespace}/${deployment}-explainer/${plan.predictor}/`;
}

function clusterName(predictor: string): string {
  return `explainer/${predictor}`;
}
