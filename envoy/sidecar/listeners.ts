// Listeners: the ingress with its two ports, one internal listener for each predictor when there are several, and egress.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { egressManager, frontManager, predictorManager } from './connection-manager.ts';
import type { Json, JsonObject } from '../kit/json.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import { EGRESS_LISTENER, INGRESS_LISTENER, predictorListener } from '../kit/names.ts';
import { isSplit } from './split.ts';
import { CONNECTION_BUFFER_BYTES } from '../kit/limits.ts';

export function renderListeners(deployment: DeploymentPlan, layout: EnvoyLayout): JsonObject[] {
  const only = deployment.predictors[0];
  if (only === undefined) throw new Error(`deployment ${deployment.deployment} has no predictor`);
  const split = isSplit(deployment);
  const manager = split
    ? frontManager(deployment, layout)
    : predictorManager(only.plan, layout, 'clients');
  return [
    listener(
      INGRESS_LISTENER,
      {
        ...tcp(layout.host, layout.httpPort),
        additional_addresses: [tcp(layout.host, layout.grpcPort)],
      },
      manager,
    ),
    listener(
      EGRESS_LISTENER,
      { address: { pipe: { path: layout.egressSocket, mode: 0o600 } } },
      egressManager(deployment, layout),
    ),
    ...(split
      ? deployment.predictors.map(({ plan, shadow }) =>
          listener(
            predictorListener(plan.predictor),
            { internal_listener: {} },
            predictorManager(plan, layout, shadow ? 'mirror' : 'front'),
          ),
        )
      : []),
  ];
}

function listener(name: string, place: JsonObject, manager: Json): JsonObject {
  return {
    name,
    ...place,
    per_connection_buffer_limit_bytes: CONNECTION_BUFFER_BYTES,
    filter_chains: [{ filters: [manager] }],
  };
}

function tcp(host: string, port: number): JsonObject {
  return { address: { socket_address: { address: host, port_value: port } } };
}
