// Seldon's request metrics, made by Envoy: histograms in microseconds with Seldon's labels. Server metrics are of whole
// requests, client metrics of the calls that Envoy makes to units. The sidecar exports them again under Seldon's
// names, in seconds.
import {
  BUCKETS_SECONDS,
  CLIENT_HISTOGRAM,
  SERVER_HISTOGRAM,
  STATS_PREFIX,
} from '../../graph/names.ts';
import type { Plan } from '../../graph/plan.ts';
import { type JsonObject, literal, typed } from '../json.ts';
import { isGrpc, isRest } from './transport-filter.ts';

/** Bootstrap setting that gives both histograms Seldon's buckets. */
export function histogramBuckets(): JsonObject[] {
  return [
    {
      match: { prefix: `${STATS_PREFIX}.` },
      buckets: BUCKETS_SECONDS.map((seconds) => Math.round(seconds * 1_000_000)),
    },
  ];
}

/** Access loggers that count the requests of clients; `metadata` names, where routes keep them, the rest of the labels. */
export function serverStats(plan: Pick<Plan, 'deployment' | 'predictor'>): JsonObject[] {
  const owner = ownerTags(literal(plan.deployment), literal(plan.predictor));
  return byTransport(SERVER_HISTOGRAM, 'DS_RX_BEG:DS_TX_END', [
    ...owner,
    tag('service', '%METADATA(ROUTE:sidegraph:service)%'),
  ]);
}

/** Upstream loggers of the router: they count each attempt of each call that Envoy makes to a unit. */
export function clientStats(deployment: string): JsonObject[] {
  const owner = ownerTags(literal(deployment), '%METADATA(ROUTE:sidegraph:predictor)%');
  return byTransport(CLIENT_HISTOGRAM, 'US_TX_BEG:US_RX_END', [
    ...owner,
    tag('service', '%PATH(NQ:PATH)%'),
    tag('model_name', '%CLUSTER_METADATA(sidegraph:unit)%'),
    tag('model_image', '%CLUSTER_METADATA(sidegraph:image)%'),
    tag('model_version', '%CLUSTER_METADATA(sidegraph:version)%'),
  ]);
}

function ownerTags(deployment: string, predictor: string): JsonObject[] {
  return [
    tag('deployment_name', deployment),
    tag('predictor_name', predictor),
    tag('predictor_version', '%METADATA(ROUTE:sidegraph:predictor_version)%'),
  ];
}

/** Seldon labels REST with the HTTP verb and status, gRPC with `unary` and the status's name. */
function byTransport(name: string, between: string, tags: readonly JsonObject[]): JsonObject[] {
  const rest = [...tags, tag('method', 'post'), tag('code', '%RESPONSE_CODE%')];
  const grpc = [...tags, tag('method', 'unary'), tag('code', '%GRPC_STATUS(CAMEL_STRING)%')];
  return [
    statsLog(isRest(), histogram(name, between, rest)),
    statsLog(isGrpc(), histogram(name, between, grpc)),
  ];
}

function statsLog(filter: JsonObject, counted: JsonObject): JsonObject {
  return {
    name: 'envoy.access_loggers.stats',
    filter,
    typed_config: typed('envoy.extensions.access_loggers.stats.v3.Config', {
      // Deprecated since 1.39 for `stats_scope`.
      stat_prefix: STATS_PREFIX,
      histograms: [counted],
    }),
  };
}

function histogram(name: string, between: string, tags: readonly JsonObject[]): JsonObject {
  return {
    stat: { name, tags },
    unit: 'Microseconds',
    value_format: `%COMMON_DURATION(${between}:us)%`,
  };
}

function tag(name: string, valueFormat: string): JsonObject {
  return { name, value_format: valueFormat };
}
