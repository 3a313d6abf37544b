// A cluster for each Service and transport that is served, and its endpoints. Named by the Service, so that a pod that
// comes or goes changes the endpoints alone.
import {
  type Breakers,
  circuitBreakers,
  socketAddress,
  upstreamProtocol,
} from '../../envoy/kit/cluster.ts';
import { type EnvoyJson, duration } from '../../envoy/kit/json.ts';
import { MAX_SHARED_REQUESTS, GATEWAY_BUFFER_BYTES } from '../../envoy/kit/limits.ts';
import { upstreamTls } from '../../envoy/kit/tls.ts';
import { MAX_RESPONSE_HEADERS } from '../../graph/plan/limits.ts';
import { podMetadata, podSubsets } from './home.ts';
import type { PodAddress } from './served.ts';
import type { Transport } from '../../graph/plan/plan.ts';

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
  /** Name that is asked for by TLS; undefined for plain. */
  tlsName: string | undefined,
  /** Whether a request may choose its pod. */
  isChosen: boolean,
): EnvoyJson {
  const idleMs = isBare && transport === 'rest' ? BARE_IDLE_MS : IDLE_MS;
  return {
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    per_connection_buffer_limit_bytes: GATEWAY_BUFFER_BYTES,
    lb_policy: 'LEAST_REQUEST',
    ...(isChosen ? podSubsets() : {}),
    circuit_breakers: circuitBreakers(breakers),
    ...(tlsName === undefined
      ? {}
      : { transport_socket: upstreamTls(tlsName, transport === 'grpc' ? 'h2' : 'http/1.1') }),
    ignore_health_on_host_removal: true,
    typed_extension_protocol_options: upstreamProtocol(
      transport === 'grpc' ? 'http2_protocol_options' : 'http_protocol_options',
      {
        idleMs,
        // Whatever a sidecar takes from a unit, and what the sidecar itself adds.
        maxHeaders: 2 * MAX_RESPONSE_HEADERS,
        maxRequests: transport === 'grpc' ? MAX_SHARED_REQUESTS : 0,
      },
    ),
  };
}

/** `predictor`: whose pods are chosen by name; undefined where they are not. */
export function renderEndpoints(
  name: string,
  pods: readonly PodAddress[],
  predictor: string | undefined,
): EnvoyJson {
  const endpoints = pods.map((pod) => ({
    endpoint: { address: socketAddress(pod.ip, pod.port) },
    ...(predictor === undefined ? {} : podMetadata(predictor, pod)),
  }));
  return {
    cluster_name: name,
    endpoints: endpoints.length === 0 ? [] : [{ lb_endpoints: endpoints }],
  };
}
