// A cluster for each Service and transport that is served, and its endpoints. Named by the Service, so that a pod that
// comes or goes changes the endpoints alone.
import { sharedHttp2 } from '../../envoy/kit/http-limits.ts';
import { type JsonObject, duration, typed } from '../../envoy/kit/json.ts';
import { MAX_SHARED_REQUESTS, UNIT_BUFFER_BYTES } from '../../envoy/kit/limits.ts';
import { MAX_ANSWER_HEADERS, MAX_ANSWER_HEADER_BYTES } from '../../graph/plan/limits.ts';
import type { Breakers, PodAddress, Transport } from './served.ts';

/** A pod on the same network answers a SYN in well under that; a lost one is tried elsewhere. */
const CONNECT_TIMEOUT_MS = 1000;
/** Sidecars close idle connections after 65 s; the side that dials must be first. */
const IDLE_MS = 60_000;
/** Python model servers without a sidecar close them after two seconds. */
const BARE_IDLE_MS = 1500;

export function clusterName(namespace: string, service: string, transport: Transport): string {
  return `${namespace}/${service}/${transport}`;
}

export function renderCluster(
  name: string,
  transport: Transport,
  breakers: Breakers,
  isBare: boolean,
): JsonObject {
  const idleMs = isBare && transport === 'rest' ? BARE_IDLE_MS : IDLE_MS;
  return {
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    per_connection_buffer_limit_bytes: UNIT_BUFFER_BYTES,
    lb_policy: 'LEAST_REQUEST',
    circuit_breakers: {
      thresholds: [
        {
          max_connections: breakers.maxConnections,
          max_pending_requests: breakers.maxPendingRequests,
          max_requests: breakers.maxRequests,
          max_retries: breakers.maxRetries,
        },
      ],
    },
    ignore_health_on_host_removal: true,
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          common_http_protocol_options: {
            idle_timeout: duration(idleMs),
            ...(transport === 'grpc' ? { max_requests_per_connection: MAX_SHARED_REQUESTS } : {}),
            // Whatever a sidecar takes from a unit, and what the sidecar itself adds.
            max_headers_count: 2 * MAX_ANSWER_HEADERS,
            max_response_headers_kb: (2 * MAX_ANSWER_HEADER_BYTES) / 1024,
          },
          explicit_http_config:
            transport === 'grpc'
              ? { http2_protocol_options: sharedHttp2() }
              : { http_protocol_options: {} },
        },
      ),
    },
  };
}

export function renderEndpoints(name: string, pods: readonly PodAddress[]): JsonObject {
  return {
    cluster_name: name,
    endpoints:
      pods.length === 0
        ? []
        : [
            {
              lb_endpoints: pods.map(({ ip, port }) => ({
                endpoint: { address: { socket_address: { address: ip, port_value: port } } },
              })),
            },
          ],
  };
}
