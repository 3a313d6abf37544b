// Two graphs in which the unit under test is at every place: alone in one, and in the other behind a router that
// takes the place that the header `x-place` names. Beside a unit that the filter asks stands a healthy one, so that no
// call of that fan-out is the last.
import type { Place } from './behaviour.ts';

interface Ports {
  readonly rest: number;
  readonly grpc: number;
}

const BRANCHES: readonly Place[] = ['tail', 'side', 'egress'];

/** What the first router answers to a request that names a place. */
export const branchOf = (place: string): number => BRANCHES.indexOf(place as Place);

/** `all`: a healthy unit that takes all branches. */
export function graphsOf(
  unit: Ports,
  healthy: Ports,
  all: Ports,
  annotations: Readonly<Record<string, string>>,
) {
  const node = (name: string, type: string, ports: Ports, host = '127.0.0.1') => ({
    name,
    type,
    endpoint: {
      service_host: host,
      service_port: ports.rest,
      httpPort: ports.rest,
      grpcPort: ports.grpc,
    },
  });
  const fan = (name: string, subject: object) => ({
    ...node(name, 'ROUTER', all),
    children: [subject, node(`${name}-end`, 'MODEL', healthy)],
  });
  return {
    alone: manifest('alone', node('native', 'MODEL', unit), annotations),
    walked: manifest(
      'walked',
      {
        ...node('pick', 'ROUTER', healthy),
        children: [
          node('tail', 'MODEL', unit),
          fan('direct', node('side', 'MODEL', unit)),
          // Another address of this machine: the filter asks only the pod's own directly.
          fan('over', node('egress', 'MODEL', unit, '127.0.0.2')),
        ],
      },
      annotations,
    ),
  };
}

function manifest(
  name: string,
  graph: object,
  annotations: Readonly<Record<string, string>>,
): object {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name, namespace: 'ns' },
    spec: { annotations, predictors: [{ name: 'p', graph }] },
  };
}
