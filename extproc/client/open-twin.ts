// The same choice as `openClient`, with the conformance twins: undici and grpc-js in place of the small clients.
import type { Edge } from '../../graph/plan.ts';
import type { UnitClient } from '../calls.ts';
import { BridgeClient } from './grpc/bridge-client.ts';
import { type ClientOptions, wayOf } from './open.ts';
import { GrpcTwin } from './twin-grpc.ts';
import { UndiciTwin } from './twin-undici.ts';

export function openTwinClient(edge: Edge, options: ClientOptions): UnitClient {
  const { address, host } = wayOf(edge, options);
  if (edge.transport === 'rest') return new UndiciTwin({ address, host });
  if (edge.via === 'straight') return new GrpcTwin(host);
  return new BridgeClient(new UndiciTwin({ address, host, framed: true }), host);
}
