// The types of endpoints: one for the whole deployment, and not against its transport.
import type { FindingSink } from './finding.ts';
import { shorten } from './read-deployment.ts';
import { listWrittenUnits } from './written.ts';
import type { WrittenDeployment, WrittenEndpoint } from './written.ts';

export function checkEndpointTypes(deployment: WrittenDeployment, sink: FindingSink): void {
  const endpoints = deployment.predictors
    .flatMap((predictor) => listWrittenUnits(predictor.graph))
    .flatMap((unit) => unit.endpoint ?? []);
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
