// What Envoy counts of each deployment's requests: a histogram of their times for each status. There may be thousands of deployments,
// and any number over time: a histogram that is not used any more is forgotten, and there is a bound to how many there are.
import { GRPC_FAULTS, grpcStatuses } from '../../envoy/kit/filters/grpc-faults.ts';
import { expressionFilter } from '../../envoy/kit/filters/expression-filter.ts';
import { durationOf } from '../../envoy/kit/filters/stats-log.ts';
import { isGrpc, isRest } from '../../envoy/kit/filters/transport-filter.ts';
import { type EnvoyJson, typed } from '../../envoy/kit/json.ts';

/** Upper bounds in seconds: a part of those of Seldon's metrics, since each is a line for each deployment in every scrape. */
export const REQUEST_BUCKETS: readonly number[] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Envoy's words: `<prefix>.<histogram>` with the two tags, in microseconds. */
export const REQUEST_STATS = {
  prefix: 'sidegraph_gateway',
  histogram: 'request_us',
  /** `namespace/name`; empty where no deployment is served. */
  deploymentTag: 'deployment',
  /** What `codeClassOf` reads: a pod may say any status, and must not get a series for each. */
  statusTag: 'status',
} as const;

/** `none`: the client was gone before there was a status. */
export const CODE_CLASSES = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;
export type CodeClass = (typeof CODE_CLASSES)[number];

/**
 * Envoy looks for unused histograms each time that it was asked for statistics so often, and forgets those that were unused since the
 * time before. It counts an asking as 5 s: this is 720 of them, about 90 minutes with one scrape every 15 s, which asks twice.
 */
const EVICTION = '3600s';

/** Settings of the bootstrap. `series`: the most histograms at a time; requests that need another one are not counted. */
export function requestStatsSettings(series: number): EnvoyJson {
  return series === 0 ? {} : { stats_eviction_interval: EVICTION };
}

export function requestBuckets(): EnvoyJson[] {
  return [
    {
      match: { prefix: `${REQUEST_STATS.prefix}.` },
      buckets: REQUEST_BUCKETS.map((seconds) => Math.round(seconds * 1_000_000)),
    },
  ];
}

/** Access loggers, of which one counts a request that `only` holds for. Few, and with few conditions: every request meets them all. */
export function requestLoggers(series: number, only: readonly EnvoyJson[] = []): EnvoyJson[] {
  if (series === 0) return [];
  const logger = (status: string, filters: readonly EnvoyJson[]) =>
    statusLogger(series, status, [...filters, ...only]);
  const unknown = [isGrpc(), grpcStatuses([UNKNOWN])];
  return [
    logger('%RESPONSE_HEADER(:STATUS):1%', [isRest()]),
    logger(`${GRPC}%GRPC_STATUS_NUMBER%`, [isGrpc(), grpcStatuses([UNKNOWN], true)]),
    // What has no status counts as unknown: a client that leaves a stream is no fault of the server.
    // Before the response it is told by the status, which is cheap: that is what a flood of resets is made of.
    logger(`${GRPC}2`, [...unknown, status('GE', 200), expressionFilter(`!(${CLIENT_LEFT})`)]),
    logger(GRPC, [...unknown, status('GE', 200), expressionFilter(CLIENT_LEFT)]),
    logger(GRPC, [...unknown, status('LE', 199)]),
  ];
}

const GRPC = 'grpc-';
const UNKNOWN = 'UNKNOWN';
/** Details as seen on 1.40. */
const CLIENT_LEFT = `response.code_details.startsWith('downstream_') || response.code_details == 'http2.remote_reset'`;

function status(op: 'GE' | 'LE', value: number): EnvoyJson {
  const key = `sidegraph.requests.${op.toLowerCase()}_${value}`;
  return {
    status_code_filter: { comparison: { op, value: { default_value: value, runtime_key: key } } },
  };
}

/** µs. Of a response that did not end, until its first byte; 0 where there was none. Without a number Envoy would log an error instead. */
const UNTIL_THE_END = durationOf(['DS_RX_BEG', 'DS_TX_END', 'DS_TX_BEG', 'DS_RX_BEG']);

function statusLogger(series: number, status: string, filters: readonly EnvoyJson[]): EnvoyJson {
  const [only, ...others] = filters;
  return {
    name: 'envoy.access_loggers.stats',
    filter: only !== undefined && others.length === 0 ? only : { and_filter: { filters } },
    typed_config: typed('envoy.extensions.access_loggers.stats.v3.Config', {
      stats_scope: {
        prefix: REQUEST_STATS.prefix,
        max_histograms: series,
        enable_eviction: true,
        // One for all loggers and listeners: otherwise each would have series, and a bound, of its own.
        sharing_name: REQUEST_STATS.prefix,
      },
      histograms: [
        {
          stat: {
            name: REQUEST_STATS.histogram,
            tags: [
              { name: REQUEST_STATS.deploymentTag, value_format: '%ROUTE_NAME%' },
              { name: REQUEST_STATS.statusTag, value_format: status },
            ],
          },
          unit: 'Microseconds',
          value_format: UNTIL_THE_END,
        },
      ],
    }),
  };
}

/** Of the tag's value: the first digit of an HTTP status, or `grpc-` and the number of a gRPC status, without a number where there is none. */
export function codeClassOf(status: string): CodeClass {
  if (status === `${GRPC}0`) return '2xx';
  const grpc = /^grpc-(\d+)$/.exec(status)?.[1];
  if (grpc !== undefined) return Number(grpc) in GRPC_FAULTS ? '5xx' : '4xx';
  switch (status) {
    case '2':
      return '2xx';
    case '3':
      return '3xx';
    case '4':
      return '4xx';
    case '':
    case '-':
    case '1':
    case GRPC:
      return 'none';
    default:
      return '5xx';
  }
}
