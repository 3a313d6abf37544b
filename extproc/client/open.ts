// Chooses the client of an edge: straight to the unit over HTTP/1.1 or (gRPC) HTTP/2, or by Envoy's egress listener,
// where the host of a call is the name of the unit and Envoy makes gRPC of HTTP/1.1.
import type { Edge } from '../../graph/plan.ts';
import type { UnitClient } from '../calls.ts';
import { authorityOf } from './failure.ts';
import { Http1Client } from './http1/client.ts';

export interface ClientOptions {
  /** Path of Envoy's egress socket; null where there is none, and edges over egress are a mistake. */
  readonly egressSocket: string | null;
  /** Name of the unit on the egress listener (`egressHost`). */
  readonly egressHost: string;
  readonly log?: unknown;
  /** Bound of the connections to the unit; the default is in `limits.ts`. */
  readonly maxConnections?: number;
}

export function openClient(edge: Edge, options: ClientOptions): UnitClient {
  const address = { kind: 'tcp', host: edge.host, port: edge.port } as const;
  return new Http1Client({ address, host: authorityOf(edge.host, edge.port) });
}
