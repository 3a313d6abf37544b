// Listeners: the ingress with its two ports, one internal listener for each predictor when there are several and for its requests
// that are traced, and egress.
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { egressManager, frontManager, predictorManager } from './connection-manager.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { listener, tcpAddress } from '../kit/listener.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import {
  EGRESS_LISTENER,
  INGRESS_LISTENER,
  INGRESS_SECRET,
  predictorListener,
  TRACED_EGRESS_LISTENER,
  tracedListener,
} from '../kit/names.ts';
import { downstreamTls } from '../kit/tls.ts';
import { isSplit } from './split.ts';
import { isTraced } from './traced.ts';
import { CONNECTION_BUFFER_BYTES, INNER_BUFFER_BYTES } from '../kit/limits.ts';

export function renderListeners(deployment: DeploymentPlan, layout: EnvoyLayout): EnvoyJson[] {
  const only = deployment.predictors[0];
  if (only === undefined) throw new Error(`deployment ${deployment.deployment} has no predictor`);
  const split = isSplit(deployment);
  const manager = split
    ? frontManager(deployment, layout)
    : predictorManager(only.plan, layout, 'clients');
  return [
    ownListener(
      INGRESS_LISTENER,
      {
        ...tcpAddress(layout.host, layout.httpPort),
        additional_addresses: [tcpAddress(layout.host, layout.grpcPort)],
      },
      manager,
      layout.tlsSecretsPath === undefined
        ? undefined
        : downstreamTls(INGRESS_SECRET, layout.tlsSecretsPath),
    ),
    ownListener(
      EGRESS_LISTENER,
      { address: { pipe: { path: layout.egressSocket, mode: 0o600 } } },
      egressManager(deployment, layout, false),
    ),
    ...(split
      ? deployment.predictors.map(({ plan, shadow }) =>
          ownListener(
            predictorListener(plan.predictor),
            { internal_listener: {} },
            predictorManager(plan, layout, shadow ? 'mirror' : 'front'),
          ),
        )
      : []),
    ...deployment.predictors.flatMap(({ plan }) =>
      plan.tracing === undefined
        ? []
        : [
            ownListener(
              tracedListener(plan.predictor),
              { internal_listener: {} },
              predictorManager(plan, layout, 'traced'),
            ),
          ],
    ),
    ...(isTraced(deployment)
      ? [
          ownListener(
            TRACED_EGRESS_LISTENER,
            { internal_listener: {} },
            egressManager(deployment, layout, true),
          ),
        ]
      : []),
  ];
}

function ownListener(
  name: string,
  place: EnvoyJson,
  manager: EnvoyJson,
  transportSocket?: EnvoyJson,
): EnvoyJson {
  const bufferBytes = 'internal_listener' in place ? INNER_BUFFER_BYTES : CONNECTION_BUFFER_BYTES;
  return listener({ name, place, bufferBytes, manager, transportSocket });
}
