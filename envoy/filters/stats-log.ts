// Seldon's request metrics, made by Envoy: histograms in microseconds with Seldon's labels. Server metrics are of whole
// requests, client metrics of the calls that Envoy makes to units. The sidecar exports them again under Seldon's
// names, in seconds.
import type { Plan } from '../../graph/plan.ts';
import { type JsonObject, literal, typed } from '../json.ts';
import { isGrpc } from './local-reply.ts';

export const STATS_PREFIX = 'sidegraph';
export const SERVER_HISTOGRAM = 'server_requests_us';
export const CLIENT_HISTOGRAM = 'client_requests_us';

/** Upper bounds of Seldon's buckets, seconds (reference: `metric` package of the executor). */
const BUCKETS_S = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** Bootstrap setting that gives both histograms Seldon's buckets. */
export function histogramBuckets(): JsonObject[] {
  return [
    {
      match: { prefix: `${STATS_PREFIX}.` },
      buckets: BUCKETS_S.map((seconds) => Math.round(seconds * 1_000_000)),
    },
  ];
}

/** What is counted: requests of clients with the call that Envoy made last, or side calls alone. */
export type Counted = 'ingress' | 'egress';

/** `plan` is null on the egress listener, which all predictors share: there the route says whose call it is. */
export function statsLogs(deployment: string, plan: Plan | null, counted: Counted): JsonObject[] {
  const predictor =
    plan === null ? '%METADATA(ROUTE:sidegraph:predictor)%' : literal(plan.predictor);
  const owner = [tag('deployment_name', literal(deployment)), tag('predictor_name', predictor)];
  return [
    statsLog(owner, counted, 'post', '%RESPONSE_CODE%', not(isGrpc())),
    statsLog(owner, counted, 'unary', '%GRPC_STATUS(CAMEL_STRING)%', isGrpc()),
  ];
}

function statsLog(
  owner: readonly JsonObject[],
  counted: Counted,
  method: string,
  code: string,
  filter: JsonObject,
): JsonObject {
  const shared = [
    ...owner,
    tag('predictor_version', '%METADATA(ROUTE:sidegraph:predictor_version)%'),
    tag('method', method),
    tag('code', code),
  ];
  const server = histogram(SERVER_HISTOGRAM, 'DS_RX_BEG:DS_TX_END', [
    ...shared,
    tag('service', '%METADATA(ROUTE:sidegraph:service)%'),
  ]);
  const client = histogram(CLIENT_HISTOGRAM, 'US_TX_BEG:US_RX_END', [
    ...shared,
    tag('service', '%PATH(NQ:PATH)%'),
    tag('model_name', '%CLUSTER_METADATA(sidegraph:unit)%'),
    tag('model_image', '%CLUSTER_METADATA(sidegraph:image)%'),
    tag('model_version', '%CLUSTER_METADATA(sidegraph:version)%'),
  ]);
  return {
    name: 'envoy.access_loggers.stats',
    filter,
    typed_config: typed('envoy.extensions.access_loggers.stats.v3.Config', {
      stat_prefix: STATS_PREFIX,
      histograms: counted === 'ingress' ? [server, client] : [client],
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

function not(filter: JsonObject): JsonObject {
  const header = (filter.header_filter as JsonObject).header as JsonObject;
  return {
    header_filter: {
      header: { ...header, invert_match: true, treat_missing_header_as_empty: true },
    },
  };
}
