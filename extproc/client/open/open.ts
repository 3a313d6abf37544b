// Chooses the client of an edge, HTTP/1.1 or (gRPC) HTTP/2: directly to the unit, or to Envoy's egress listener, where the
// host of a call is the name of the unit.
import type { Edge } from '../../../graph/plan/plan.ts';
import type { UnitClient } from '../../contract/calls.ts';
import { readEgressResponses } from './egress-responses.ts';
import { Http1Client } from '../http1/client.ts';
import type { ConnectionAddress } from '../address.ts';
import { Http2Client } from '../http2/client.ts';
import { MAX_EGRESS_CALLS, MAX_EGRESS_CONNECTIONS } from '../limits.ts';
import { hostPort } from '../../../lib/runtime/hosts.ts';

export interface ClientOptions {
  /** Path of Envoy's egress socket; undefined where there is none: every call over egress then fails. */
  readonly egressSocket: string | undefined;
  /** Name of the unit on the egress listener (`egressHost`). */
  readonly egressHost: string;
  readonly log?: unknown;
}

export function openClient(edge: Edge, options: ClientOptions): UnitClient {
  const { address, host } = wayOf(edge, options);
  if (edge.via === 'direct')
    return edge.transport === 'rest'
      ? new Http1Client({ address, host })
      : new Http2Client({ address, host, saysTimeout: true });
  return readEgressResponses(
    edge.transport === 'rest'
      ? new Http1Client({ address, host })
      : // Envoy bounds the attempts of a call itself, and would take a `grpc-timeout` for the whole request's deadline.
        new Http2Client({
          address,
          host,
          saysTimeout: false,
          maxConnections: MAX_EGRESS_CONNECTIONS,
          maxCallsPerConnection: MAX_EGRESS_CALLS,
        }),
    host,
    hostPort(edge),
  );
}

/** Where the edge leads, and the host that its calls name. */
export function wayOf(
  edge: Edge,
  options: ClientOptions,
): { address: ConnectionAddress; host: string } {
  if (edge.via === 'direct') {
    const address = { kind: 'tcp', host: edge.host, port: edge.port } as const;
    return { address, host: hostPort(edge) };
  }
  // Without a socket the path is empty, and a connection to it is refused like any other that is not there.
  const path = options.egressSocket ?? '/nonexistent';
  return { address: { kind: 'unix', path }, host: options.egressHost };
}
