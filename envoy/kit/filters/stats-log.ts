// Seldon's request metrics, made by Envoy: histograms in microseconds. Server metrics are of whole requests, client metrics of the
// calls that Envoy makes to units. Their labels come packed, and are unpacked where they are exported again under Seldon's
// names, in seconds (extproc/metrics/envoy-stats.ts).
import {
  BUCKETS_SECONDS,
  CLIENT_HISTOGRAM,
  METADATA_NAMESPACE,
  ROUTE_TAG,
  SERVER_HISTOGRAM,
  STATS_PREFIX,
  UNIT_TAG,
} from '../../../graph/plan/names.ts';
import { type EnvoyJson, typed } from '../json.ts';
import { isGrpc, isRest } from './transport-filter.ts';

/**
 * Where a time begins, and where it ends: of what was broken off, at the last that was seen of it. Without any number Envoy would count
 * nothing, and log an error.
 */
const TIMES = {
  server: ['DS_RX_BEG', 'DS_TX_END', 'DS_TX_BEG', 'DS_RX_END', 'DS_RX_BEG'],
  client: ['US_TX_BEG', 'US_RX_END', 'US_RX_BEG', 'US_TX_END', 'US_TX_BEG'],
} as const;

/** Bootstrap setting that gives both histograms Seldon's buckets. */
export function histogramBuckets(): EnvoyJson[] {
  return [
    {
      match: { prefix: `${STATS_PREFIX}.` },
      buckets: BUCKETS_SECONDS.map((seconds) => Math.round(seconds * 1_000_000)),
    },
  ];
}

/** Access loggers that count the requests of clients. */
export function serverStats(): EnvoyJson[] {
  return byTransport(SERVER_HISTOGRAM, TIMES.server, [routeTag()], '');
}

/**
 * Upstream loggers of the router: they count each attempt of each call that Envoy makes to a unit. The code of one without a response
 * does not say who ended it, and Envoy's response flags do: they are there for whatever a unit or its connection did, a timeout of
 * the call too, and absent where the request itself was over (seen on Envoy 1.40).
 */
export function clientStats(): EnvoyJson[] {
  const tags = [
    routeTag(),
    tag(UNIT_TAG, `%CLUSTER_METADATA(${METADATA_NAMESPACE}:labels)%`),
    tag('path', '%PATH(NQ:PATH)%'),
  ];
  return byTransport(CLIENT_HISTOGRAM, TIMES.client, tags, ' %RESPONSE_FLAGS%');
}

function routeTag(): EnvoyJson {
  return tag(ROUTE_TAG, `%METADATA(ROUTE:${METADATA_NAMESPACE}:labels)%`);
}

/** Seldon labels REST with the HTTP status, gRPC with the status's name; `more` is put behind it. */
function byTransport(
  name: string,
  times: readonly string[],
  tags: readonly EnvoyJson[],
  more: string,
): EnvoyJson[] {
  const rest = [...tags, tag('code', `%RESPONSE_CODE%${more}`)];
  const grpc = [...tags, tag('code', `%GRPC_STATUS(CAMEL_STRING)%${more}`)];
  return [
    statsLog(isRest(), histogram(name, times, rest)),
    statsLog(isGrpc(), histogram(name, times, grpc)),
  ];
}

function statsLog(filter: EnvoyJson, counted: EnvoyJson): EnvoyJson {
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

function histogram(name: string, times: readonly string[], tags: readonly EnvoyJson[]): EnvoyJson {
  return {
    stat: { name, tags },
    unit: 'Microseconds',
    value_format: durationOf(times),
  };
}

/** Microseconds from the first of these times to the first of the others that there is. */
export function durationOf([begin = '', ...ends]: readonly string[]): string {
  const operators = ends.map((end) => ({
    command: 'COMMON_DURATION',
    param: `${begin}:${end}:us`,
  }));
  return `%COALESCE(${JSON.stringify({ operators })})%`;
}

function tag(name: string, valueFormat: string): EnvoyJson {
  return { name, value_format: valueFormat };
}
