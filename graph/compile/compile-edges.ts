// The ways to the units: an address for each transport, and how the filter's own calls get there.
import { findAddress } from '../plan/deployment.ts';
import type { Addresses, Predictor, Unit } from '../plan/deployment.ts';
import type { Edge, Policy } from '../plan/plan.ts';
import { isLoopback, isLocalName, LOCAL_HOST } from '../../lib/runtime/hosts.ts';

/** `units` in pre-order; built-ins have no edges. */
export function compileEdges(
  predictor: Predictor,
  units: readonly Unit[],
  policy: Policy,
  addresses: Addresses | undefined,
): Edge[] {
  const edges: Edge[] = [];
  units.forEach((unit, index) => {
    if (unit.builtIn !== undefined) return;
    const address = findAddress(addresses, predictor.name, unit.name) ?? unit.endpoint;
    if (address === undefined) return;
    const host = isLocalName(address.host) ? LOCAL_HOST : address.host;
    const way = chooseWay(host, policy);
    const { name: model, protocol: dialect } = unit;
    edges.push(
      { unit: index, transport: 'rest', dialect, model, host, port: address.httpPort, ...way },
      { unit: index, transport: 'grpc', dialect, model, host, port: address.grpcPort, ...way },
    );
  });
  return edges;
}

function chooseWay(host: string, policy: Policy): Pick<Edge, 'via' | 'reason'> {
  if (policy.retries > 0)
    return { via: 'egress', reason: `Envoy makes the ${policy.retries} retries` };
  if (isLoopback(host))
    return { via: 'direct', reason: 'same host: a keep-alive connection of the filter' };
  return { via: 'egress', reason: 'another host: Envoy resolves, balances and connects' };
}
