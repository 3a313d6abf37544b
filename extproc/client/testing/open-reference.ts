// The same choice as `openClient`, with the reference implementations: undici and grpc-js in place of the small clients.
import type { Edge } from '../../../graph/plan/plan.ts';
import type { UnitClient } from '../../contract/calls.ts';
import { type ClientOptions, wayOf } from '../open/open.ts';
import { GrpcReference } from './reference-grpc.ts';
import { UndiciReference } from './reference-undici.ts';

export function openReferenceClient(edge: Edge, options: ClientOptions): UnitClient {
  const { address, host } = wayOf(edge, options);
  if (edge.transport === 'rest') return new UndiciReference({ address, host });
  return address.kind === 'tcp' ? new GrpcReference(host) : new GrpcReference(host, address.path);
}
