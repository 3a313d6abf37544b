// Pieces that every cluster of ours is made of: how its connections speak HTTP, what they may hold, where its endpoints are.
import { MAX_RESPONSE_HEADERS, MAX_RESPONSE_HEADER_BYTES } from '../../graph/plan/limits.ts';
import { innerHttp2, sharedHttp2 } from './http-limits.ts';
import { type Json, type EnvoyJson, duration, typed } from './json.ts';
import { CONNECT_TIMEOUT_MS, INNER_BUFFER_BYTES, MAX_SHARED_REQUESTS } from './limits.ts';

/** Of connections within a pod. */
export const OWN_IDLE_MS = 3_600_000;
const UNBOUNDED = 100_000;

export type UpstreamHttp = 'http_protocol_options' | 'http2_protocol_options';
/** `inner`: HTTP/2 to a listener of ours. */
export type UpstreamPeer = UpstreamHttp | 'inner';

export interface PeerBounds {
  /** A connection without a request is closed after this time. */
  readonly idleMs: number;
  /** Of a response. */
  readonly maxHeaders?: number;
  /** Of one connection; 0 for any number. */
  readonly maxRequests?: number;
}

/** The field `typed_extension_protocol_options`. */
export function upstreamProtocol(
  peer: UpstreamPeer,
  { idleMs, maxHeaders = MAX_RESPONSE_HEADERS, maxRequests = 0 }: PeerBounds,
): EnvoyJson {
  return {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      {
        common_http_protocol_options: {
          idle_timeout: duration(idleMs),
          ...(maxRequests === 0 ? {} : { max_requests_per_connection: maxRequests }),
          max_headers_count: maxHeaders,
          max_response_headers_kb:
            (MAX_RESPONSE_HEADER_BYTES / 1024) * (maxHeaders / MAX_RESPONSE_HEADERS),
        },
        explicit_http_config: httpConfig(peer),
      },
    ),
  };
}

function httpConfig(peer: UpstreamPeer): EnvoyJson {
  switch (peer) {
    case 'http_protocol_options':
      return { http_protocol_options: {} };
    case 'http2_protocol_options':
      return { http2_protocol_options: sharedHttp2() };
    case 'inner':
      return { http2_protocol_options: innerHttp2() };
  }
}

export interface Breakers {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
}

export function circuitBreakers(breakers: Breakers): EnvoyJson {
  return {
    thresholds: [
      {
        max_connections: breakers.maxConnections,
        max_pending_requests: breakers.maxPendingRequests,
        max_requests: breakers.maxRequests,
        max_retries: breakers.maxRetries,
      },
    ],
  };
}

/** Of a cluster of ours, whose requests are bounded elsewhere. */
export function unboundedBreakers(): EnvoyJson {
  return circuitBreakers({
    maxConnections: UNBOUNDED,
    maxPendingRequests: UNBOUNDED,
    maxRequests: UNBOUNDED,
    maxRetries: UNBOUNDED,
  });
}

/** The way to an internal listener, of its name; HTTP/2 carries REST and gRPC alike. */
export function innerCluster(name: string): EnvoyJson {
  return {
    name,
    type: 'STATIC',
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    per_connection_buffer_limit_bytes: INNER_BUFFER_BYTES,
    circuit_breakers: unboundedBreakers(),
    // That listener has added its own headers to the unit's.
    typed_extension_protocol_options: upstreamProtocol('inner', {
      idleMs: OWN_IDLE_MS,
      maxHeaders: 2 * MAX_RESPONSE_HEADERS,
      maxRequests: MAX_SHARED_REQUESTS,
    }),
    load_assignment: loadAssignment(name, [
      { envoy_internal_address: { server_listener_name: name } },
    ]),
  };
}

/** Endpoints of one locality; none for a cluster without any. */
export function loadAssignment(name: string, addresses: readonly Json[]): EnvoyJson {
  return {
    cluster_name: name,
    endpoints:
      addresses.length === 0
        ? []
        : [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address } })) }],
  };
}

export function socketAddress(host: string, port: number): EnvoyJson {
  return { socket_address: { address: host, port_value: port } };
}
