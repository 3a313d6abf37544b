// Clusters: one for each unit and transport, and the fixed ones for the filter's sockets. A unit's cluster is named
// by a hash of its content, so that a swap leaves the clusters of unchanged units (and their connections) alone.
import { splitImage } from '../../graph/plan/split-image.ts';
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { METADATA_NAMESPACE, UNIT_LABELS } from '../../graph/plan/names.ts';
import type { Edge, Plan, PlanUnit, Transport } from '../../graph/plan/plan.ts';
import { edgeOf, unitNameOf, unitOf } from '../../graph/plan/queries.ts';
import {
  circuitBreakers,
  loadAssignment,
  OWN_IDLE_MS,
  socketAddress,
  unboundedBreakers,
  type UpstreamHttp,
  upstreamProtocol,
} from '../kit/cluster.ts';
import { type EnvoyJson, duration } from '../kit/json.ts';
import { namedClusters } from './named-clusters.ts';
import type { EnvoyLayout } from '../kit/layout.ts';
import {
  FILTER_CLUSTER,
  CONTROL_GRPC_CLUSTER,
  CONTROL_HTTP_CLUSTER,
  PROBE_CLUSTER,
  UNROUTED_CLUSTER,
} from '../kit/names.ts';
import {
  CONNECT_TIMEOUT_MS,
  GRPC_IDLE_MS,
  INNER_BUFFER_BYTES,
  MAX_UNIT_CONNECTIONS,
  MAX_UNIT_REQUESTS,
  REST_IDLE_MS,
  UNIT_BUFFER_BYTES,
} from '../kit/limits.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';

/** The clusters of every edge of a plan, in the order of the plan. */
export function unitClusters(plan: Plan): EnvoyJson[] {
  return plan.edges.flatMap((edge) => {
    const content = contentOf(plan, edge);
    const name = nameFor(plan, edge, content);
    const endpoint = endpointOf(edge);
    return isNamed(edge)
      ? namedClusters(name, String(content.alt_stat_name), content, endpoint)
      : [{ name, ...content, load_assignment: loadAssignment(name, [endpoint]) }];
  });
}

/** Name of the cluster of a unit; throws when the plan has no such edge, which the compiler rules out. */
export function clusterOf(plan: Plan, unit: number, transport: Transport): string {
  const edge = edgeOf(plan, unit, transport);
  return nameFor(plan, edge, contentOf(plan, edge));
}

/** Whether the unit is reached by a name, which may have several addresses. */
export function isNamed({ host }: Edge): boolean {
  return isIP(host) === 0;
}

function contentOf(plan: Plan, edge: Edge): EnvoyJson {
  const unit = unitOf(plan, edge.unit);
  return {
    ...(isNamed(edge) ? {} : { type: 'STATIC' }),
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    per_connection_buffer_limit_bytes: UNIT_BUFFER_BYTES,
    alt_stat_name: `${plan.predictor}_${unit.name}_${edge.transport}`,
    circuit_breakers: breakers(MAX_UNIT_CONNECTIONS, MAX_UNIT_REQUESTS),
    typed_extension_protocol_options: upstreamProtocol(
      edge.transport === 'grpc' ? 'http2_protocol_options' : 'http_protocol_options',
      { idleMs: edge.transport === 'grpc' ? GRPC_IDLE_MS : REST_IDLE_MS },
    ),
    metadata: {
      filter_metadata: {
        [METADATA_NAMESPACE]: {
          unit: unit.name,
          transport: edge.transport,
          address: hostPort(edge),
          labels: packedLabels(unit),
        },
      },
    },
  };
}

function nameFor(plan: Plan, edge: Edge, content: EnvoyJson): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([content, endpointOf(edge)]))
    .digest('hex')
    .slice(0, 12);
  return `${plan.predictor}/${unitNameOf(plan, edge.unit)}/${edge.transport}/${hash}`;
}

function endpointOf({ host, port }: Edge): EnvoyJson {
  return socketAddress(host, port);
}

/** What statistics say of the unit. */
function packedLabels(unit: PlanUnit): string {
  const { image, version } = splitImage(unit.image);
  const labels: Readonly<Record<(typeof UNIT_LABELS)[number], string>> = {
    model_name: unit.name,
    model_image: image,
    model_version: version,
  };
  return JSON.stringify(UNIT_LABELS.map((name) => labels[name]));
}

/** The clusters that do not depend on any plan; part of the bootstrap. */
export function fixedClusters(layout: EnvoyLayout): EnvoyJson[] {
  return [
    {
      ...socketCluster(FILTER_CLUSTER, layout.filterSockets, 'http2_protocol_options'),
      ...(layout.filterSockets.length > 1 ? { outlier_detection: ejectDeadWorkers() } : {}),
    },
    socketCluster(PROBE_CLUSTER, [layout.probeSocket], 'http_protocol_options'),
    socketCluster(CONTROL_HTTP_CLUSTER, [layout.controlHttpSocket], 'http_protocol_options'),
    socketCluster(CONTROL_GRPC_CLUSTER, [layout.controlGrpcSocket], 'http2_protocol_options'),
    {
      name: UNROUTED_CLUSTER,
      type: 'STATIC',
      connect_timeout: duration(CONNECT_TIMEOUT_MS),
      load_assignment: loadAssignment(UNROUTED_CLUSTER, []),
    },
  ];
}

function socketCluster(name: string, sockets: readonly string[], http: UpstreamHttp): EnvoyJson {
  return {
    name,
    type: 'STATIC',
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    per_connection_buffer_limit_bytes: INNER_BUFFER_BYTES,
    circuit_breakers: unboundedBreakers(),
    typed_extension_protocol_options: upstreamProtocol(http, { idleMs: OWN_IDLE_MS }),
    load_assignment: loadAssignment(
      name,
      sockets.map((path) => ({ pipe: { path } })),
    ),
  };
}

/** One dead worker of several costs only the requests that it held. */
function ejectDeadWorkers(): EnvoyJson {
  return {
    split_external_local_origin_errors: true,
    consecutive_local_origin_failure: 1,
    consecutive_gateway_failure: 1,
    enforcing_consecutive_gateway_failure: 100,
    consecutive_5xx: 1,
    interval: '0.5s',
    base_ejection_time: '1s',
    max_ejection_percent: 50,
  };
}

function breakers(maxConnections: number, maxRequests: number): EnvoyJson {
  return circuitBreakers({
    maxConnections,
    maxPendingRequests: maxRequests,
    maxRequests,
    maxRetries: maxConnections,
  });
}
