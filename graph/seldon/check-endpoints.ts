// The endpoints as written: hosts that can be hosts, one type for the whole deployment, not against its transport;
// addresses that nobody goes to.
import { checkEndpointHost } from './check-hosts.ts';
import { isAddress } from './written.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { listWrittenUnits } from './written.ts';
import type { PortedPredictor, WrittenDeployment, WrittenEndpoint } from './written.ts';
import { isThisHost } from '../../lib/runtime/hosts.ts';

export function checkEndpoints(deployment: WrittenDeployment, sink: FindingSink): void {
  const endpoints = deployment.predictors
    .flatMap((predictor) => listWrittenUnits(predictor.graph))
    .flatMap((unit) => unit.endpoint ?? []);
  for (const endpoint of endpoints) checkEndpointHost(endpoint, sink);
  const first = new Map<string, WrittenEndpoint>();
  for (const endpoint of endpoints) {
    if (endpoint.type === '') continue;
    if (endpoint.type !== 'REST' && endpoint.type !== 'GRPC') {
      const path = `${endpoint.path}.type`;
      sink.add('ENDPOINT_TYPE_UNKNOWN', path, `${path} is ${shorten(endpoint.type)}`);
    } else if (!first.has(endpoint.type)) first.set(endpoint.type, endpoint);
  }
  const [one, other] = [...first.values()];
  if (one === undefined) return;
  if (other !== undefined) {
    const message = `${one.path} is ${one.type}, ${other.path} is ${other.type}`;
    sink.add('ENDPOINT_TYPES_MIXED', `${other.path}.type`, message);
    return;
  }
  const { transport } = deployment;
  if (transport !== '' && transport !== one.type.toLowerCase()) {
    const message = `the endpoints are ${one.type}, spec.transport is ${transport}`;
    sink.add('TRANSPORT_MIXED', `${one.path}.type`, message);
  }
}

/** Tells an address beside a container that listens elsewhere; what Seldon stores for that container is not told. */
export function checkAddresses(
  predictor: PortedPredictor,
  deploymentName: string,
  sink: FindingSink,
): void {
  for (const unit of listWrittenUnits(predictor.graph)) {
    const { endpoint } = unit;
    const own = predictor.ported.find(({ container }) => container.name === unit.name);
    if (endpoint === undefined || own === undefined || !isAddress(endpoint)) continue;
    const { http, grpc } = own.ports;
    const { host, httpPort = http, grpcPort = grpc, servicePort = http } = endpoint;
    const service = `${deploymentName}-${predictor.name}-${unit.name}`;
    const isHere = isThisHost(host) || isServiceOf(host, service);
    const isSame = httpPort === http && grpcPort === grpc && [http, grpc].includes(servicePort);
    if (isHere && isSame) continue;
    const others = [httpPort, grpcPort, servicePort].filter(
      (port) => port !== http && port !== grpc,
    );
    const address = `${shorten(host)}:${others[0] ?? httpPort}`;
    sink.add(
      'ENDPOINT_CONTAINER',
      endpoint.path,
      `in Kubernetes ${unit.name} is called where its container listens (HTTP ${http}, gRPC ${grpc}), not at ${address}`,
    );
  }
}

/** Seldon names the Service of a container so, or by a hash where that is too long. */
function isServiceOf(host: string, service: string): boolean {
  const [first = ''] = host.split('.', 1);
  return first === service || (service.length > 63 && first.startsWith('seldon-'));
}
