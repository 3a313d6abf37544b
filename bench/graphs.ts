// The graphs that are measured, as SeldonDeployment manifests whose units are the stubs.
import type { PayloadKind } from './payload.ts';

export interface BenchGraph {
  readonly name: string;
  readonly title: string;
  readonly manifest: string;
  readonly payload: PayloadKind;
  /** Further arguments of `sidegraph run`. */
  readonly args: readonly string[];
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
const ROUTER: Node = { name: 'router', type: 'ROUTER', children: [MODEL('a'), MODEL('b')] };
const CHAIN: Node = { name: 'scaler', type: 'TRANSFORMER', children: [MODEL('model')] };

const GRAPHS: readonly {
  readonly name: string;
  readonly title: string;
  readonly graph: Node;
  readonly payload?: PayloadKind;
  readonly args?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}[] = [
  { name: 'single', title: 'one model', graph: MODEL('model') },
  { name: 'router', title: 'router over two models', graph: ROUTER },
  {
    name: 'router-untraced',
    title: 'router over two models, a receiver of traces set, no request traced',
    graph: ROUTER,
    args: ['--otlp', 'http://127.0.0.1:9'],
    annotations: { 'sidegraph.io/trace-sampling-percent': '0' },
  },
  { name: 'chain', title: 'chain of two', graph: CHAIN },
  { name: 'chain-v2', title: 'chain of two, V2', graph: CHAIN, payload: 'v2' },
  { name: 'chain-v2-binary', title: 'chain of two, V2 binary', graph: CHAIN, payload: 'v2-binary' },
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
  return GRAPHS.map(({ name, title, graph, payload = 'seldon', args = [], annotations = {} }) => ({
    name,
    title,
    payload,
    args,
    manifest: JSON.stringify({
      apiVersion: 'machinelearning.seldon.io/v1',
      kind: 'SeldonDeployment',
      metadata: { name, namespace: 'bench' },
      spec: {
        annotations,
        protocol: payload === 'seldon' ? 'seldon' : 'v2',
        predictors: [{ name: 'default', graph: addressed(graph, ports) }],
      },
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
