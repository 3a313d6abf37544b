// The same choice as `openClient`, with the conformance twins: undici and grpc-js in place of the small clients.
import type { Edge } from '../../../graph/plan/plan.ts';
import type { UnitClient } from '../../contract/calls.ts';
import { type ClientOptions, wayOf } from '../open/open.ts';
import { GrpcTwin } from './reference-grpc.ts';
import { UndiciTwin } from './reference-undici.ts';

export function openTwinClient(edge: Edge, options: ClientOptions): UnitClient {
  const { address, host } = wayOf(edge, options);
  if (edge.transport === 'rest') return new UndiciTwin({ address, host });
  return address.kind === 'tcp' ? new GrpcTwin(host) : new GrpcTwin(host, address.path);
}
