// The access log: one JSON line a request, without query strings, bodies or credentials. By default what failed, what was slow
// and one in a thousand; Envoy decides it before anything is formatted.
import { ERRORS } from '../../../graph/plan/errors.ts';
import { ERROR_HEADER, METADATA_NAMESPACE, METADATA_ROUTING } from '../../../graph/plan/names.ts';
import { type EnvoyJson, literal } from '../json.ts';
import type { AccessLog, EnvoyLayout } from '../layout.ts';
import { ACCESS_LOG_ONE_IN, ACCESS_LOG_SLOW_MS } from '../limits.ts';
import { PATH_STATE } from '../names.ts';
import { expressionFilter } from './expression-filter.ts';
import { fileLogger } from './file-logger.ts';
import { liveLogs } from './live-log.ts';
import { GRPC_FAULTS, grpcStatuses } from './grpc-faults.ts';
import { isGrpc } from './transport-filter.ts';

/** The loggers of one predictor's requests: of the access log, and of the live log. `only` are filters that hold for both. */
export function accessLogs(
  layout: EnvoyLayout,
  graph: string,
  predictor: string,
  only: readonly EnvoyJson[] = [],
): EnvoyJson[] {
  const own = {
    graph: literal(graph),
    predictor: literal(predictor),
    unit: `%CLUSTER_METADATA(${METADATA_NAMESPACE}:unit)%`,
    route: '%ROUTE_NAME%',
    path: `%FILTER_STATE(${PATH_STATE}:PLAIN)%`,
    unit_us: '%COMMON_DURATION(US_TX_BEG:US_RX_END:us)%',
    upstream: '%UPSTREAM_HOST%',
    upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
    routing: `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${METADATA_ROUTING})%`,
  };
  return [
    ...fileLogs(layout.accessLog, layout.accessLogPath, own, only),
    ...liveLogs(layout, own, only),
  ];
}

/** A file with a JSON object a line: what every request has, and `own` fields. */
export function fileLogs(
  which: AccessLog,
  path: string,
  own: EnvoyJson,
  only: readonly EnvoyJson[] = [],
): EnvoyJson[] {
  if (which === 'none') return [];
  return [
    {
      name: 'sidegraph.access-log',
      ...linesOf(which, only),
      ...fileLogger(path, own),
    },
  ];
}

/** What a logger has besides its format, to write the lines that are asked for. */
function linesOf(which: Exclude<AccessLog, 'none'>, only: readonly EnvoyJson[]): EnvoyJson {
  const [first, ...others] = [...(which === 'all' ? [] : [isWorthALine()]), ...only];
  if (first === undefined) return {};
  return { filter: others.length === 0 ? first : { and_filter: { filters: [first, ...others] } } };
}

/** Cheapest first: of a request that went well all of them are asked. */
function isWorthALine(): EnvoyJson {
  return {
    or_filter: {
      filters: [
        statusFrom(500),
        // Without names any flag counts: a reset on either side, no route, no connection, a timeout.
        { response_flag_filter: {} },
        { duration_filter: { comparison: atLeast(ACCESS_LOG_SLOW_MS, 'sidegraph.log.slow_ms') } },
        // Refused before a unit was asked; a unit's own 4xx are between it and its client.
        { and_filter: { filters: [statusFrom(400), isOurs()] } },
        { and_filter: { filters: [isGrpc(), isGrpcFailure()] } },
        oneIn(ACCESS_LOG_ONE_IN),
      ],
    },
  };
}

function statusFrom(status: number): EnvoyJson {
  return { status_code_filter: { comparison: atLeast(status, `sidegraph.log.status_${status}`) } };
}

function atLeast(value: number, runtimeKey: string): EnvoyJson {
  return { op: 'GE', value: { default_value: value, runtime_key: runtimeKey } };
}

function isOurs(): EnvoyJson {
  return expressionFilter(
    `'${ERROR_HEADER}' in response.headers || response.code_details == 'direct_response'`,
  );
}

const GRPC_NAMES: Readonly<Record<number, string>> = {
  3: 'INVALID_ARGUMENT',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  9: 'FAILED_PRECONDITION',
  ...GRPC_FAULTS,
};

/** Their HTTP status is 200. */
function isGrpcFailure(): EnvoyJson {
  const ours = Object.values(ERRORS).map(({ grpcStatus }) => grpcStatus);
  const numbers = [...new Set([...Object.keys(GRPC_FAULTS).map(Number), ...ours])];
  return grpcStatuses(numbers.sort((a, b) => a - b).map((number) => GRPC_NAMES[number] ?? number));
}

function oneIn(count: number): EnvoyJson {
  return {
    runtime_filter: {
      runtime_key: 'sidegraph.log.sampled',
      percent_sampled: { numerator: Math.round(1_000_000 / count), denominator: 'MILLION' },
      use_independent_randomness: true,
    },
  };
}
