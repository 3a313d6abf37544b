// The graphs that are measured, as SeldonDeployment manifests whose units are the stubs.

export interface BenchGraph {
  readonly name: string;
  readonly title: string;
  readonly manifest: string;
}

/** Ports of the stubs: REST echo, gRPC echo, gRPC router. */
export interface StubPorts {
  readonly rest: number;
  readonly grpc: number;
  readonly grpcRoute: number;
}

interface Node {
  readonly name: string;
  readonly type?: string;
  readonly implementation?: string;
  readonly children?: readonly Node[];
}

const MODEL = (name: string): Node => ({ name, type: 'MODEL' });

const GRAPHS: readonly { name: string; title: string; graph: Node }[] = [
  { name: 'single', title: 'one model', graph: MODEL('model') },
  {
    name: 'router',
    title: 'router over two models',
    graph: { name: 'router', type: 'ROUTER', children: [MODEL('a'), MODEL('b')] },
  },
  {
    name: 'chain',
    title: 'chain of two',
    graph: { name: 'scaler', type: 'TRANSFORMER', children: [MODEL('model')] },
  },
  {
    name: 'combiner',
    title: 'combiner of two, custom',
    graph: { name: 'combiner', type: 'COMBINER', children: [MODEL('a'), MODEL('b')] },
  },
  {
    name: 'average',
    title: 'combiner of two, AVERAGE_COMBINER',
    graph: {
      name: 'average',
      implementation: 'AVERAGE_COMBINER',
      children: [MODEL('a'), MODEL('b')],
    },
  },
];

export function benchGraphs(ports: StubPorts): BenchGraph[] {
  return GRAPHS.map(({ name, title, graph }) => ({
    name,
    title,
    manifest: JSON.stringify({
      apiVersion: 'machinelearning.seldon.io/v1',
      kind: 'SeldonDeployment',
      metadata: { name, namespace: 'bench' },
      spec: { predictors: [{ name: 'default', graph: addressed(graph, ports) }] },
    }),
  }));
}

function addressed(node: Node, ports: StubPorts): object {
  const grpcPort = node.type === 'ROUTER' ? ports.grpcRoute : ports.grpc;
  const endpoint = {
    service_host: '127.0.0.1',
    service_port: ports.rest,
    httpPort: ports.rest,
    grpcPort,
  };
  return {
    ...node,
    ...(node.implementation === undefined ? { endpoint } : {}),
    ...(node.children === undefined
      ? {}
      : { children: node.children.map((child) => addressed(child, ports)) }),
  };
}
