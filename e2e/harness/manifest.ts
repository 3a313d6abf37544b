// Short hand for the manifests of the tests: a graph whose units are reached at ports of the loopback address.

export interface Node {
  readonly name: string;
  readonly type?: string;
  readonly implementation?: string;
  readonly methods?: readonly string[];
  readonly parameters?: readonly object[];
  readonly children?: readonly Node[];
  /** REST port of the unit. */
  readonly port?: number;
  readonly grpcPort?: number;
  /** Where the ports are, the loopback address where it is not said. */
  readonly host?: string;
}

export interface Predictor {
  readonly name: string;
  readonly graph: Node;
  readonly traffic?: number;
  readonly shadow?: boolean;
}

/** A SeldonDeployment `test` in namespace `ns`; `more` is of its spec. */
export function deployment(
  graph: Node | readonly Predictor[],
  annotations: Readonly<Record<string, string>> = {},
  more: object = {},
): object {
  const predictors = 'name' in graph ? [{ name: 'p', graph }] : graph;
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'test', namespace: 'ns' },
    spec: {
      annotations,
      ...more,
      predictors: predictors.map((predictor) => ({
        ...predictor,
        graph: addressed(predictor.graph),
      })),
    },
  };
}

function addressed({ port, grpcPort, host = '127.0.0.1', children, ...node }: Node): object {
  const rest = port ?? grpcPort;
  return {
    ...node,
    ...(rest === undefined
      ? {}
      : {
          endpoint: {
            service_host: host,
            service_port: rest,
            httpPort: rest,
            grpcPort: grpcPort ?? rest,
          },
        }),
    ...(children === undefined ? {} : { children: children.map(addressed) }),
  };
}

export const model = (name: string, port: number): Node => ({ name, type: 'MODEL', port });
