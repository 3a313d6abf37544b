// The command line and environment of the gateway's agent.
import * as flag from '../../lib/runtime/options.ts';
import { readOpenFileLimit } from '../../envoy/kit/open-files.ts';
import type { ClientBounds } from '../../envoy/kit/http-limits.ts';
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { type EnvoyBounds, envoyBounds } from '../../envoy/kit/overload.ts';
import { ACCESS_LOGS, type AccessLog, DEFAULT_ACCESS_LOG } from '../../envoy/kit/layout.ts';
import { LIMITS } from '../../graph/plan/limits.ts';
import {
  NO_TRACING,
  parseOtlpFlag,
  parsePercent,
  SAMPLING_WANTED,
  TRACE_FORMATS,
  type TracingDefaults,
} from '../../graph/seldon/tracing.ts';
import type { GatewayPod } from '../../cluster/acknowledge.ts';
import { SHOWN, type Shown } from './control.ts';

/** What one start of the program does. */
export type GatewayCommand =
  | { readonly kind: 'serve' | 'bootstrap'; readonly options: GatewayOptions }
  | { readonly kind: 'drain'; readonly runDir: string }
  | { readonly kind: 'show'; readonly what: Shown; readonly runDir: string };

export interface GatewayOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly tls: { readonly port: number; readonly dir: string } | undefined;
  readonly statusPort: number;
  /** Shared with Envoy: bootstrap and sockets. */
  readonly runDir: string;
  /** Outlives a restart of the containers. */
  readonly stateDir: string;
  readonly accessLogPath: string;
  readonly accessLog: AccessLog;
  readonly maxRequestSeries: number;
  /** Undefined outside a pod: then nothing is acknowledged. */
  readonly pod: GatewayPod | undefined;
  /** Empty: all. */
  readonly namespace: string;
  readonly httpFilters: readonly EnvoyJson[];
  readonly bounds: EnvoyBounds;
  readonly clients: ClientBounds;
  /** After that long without the API server, what is on disk is served, ms. */
  readonly recallMs: number;
  readonly drain: { readonly leaveMs: number; readonly finishMs: number };
  /** Undefined: no traces. */
  readonly tracing: TracingDefaults | undefined;
  readonly logLevel: string;
}

const MIB = 1024 * 1024;
/** A scrape has about 1 kB for each. */
export const MAX_REQUEST_SERIES = 5000;
const MOST_REQUEST_SERIES = 100_000;

export const GATEWAY_USAGE = `The gateway's agent: follows the cluster's SeldonDeployments and gives Envoy beside it their routes.

Usage: node gateway/process/main.ts [options]

  --host ADDR             where Envoy and the status port listen (default 0.0.0.0)
  --http-port N           Envoy's port for HTTP/1.1, HTTP/2 and gRPC (default 8080)
  --tls-port N            the same over TLS (default 8443), with --tls-dir
  --tls-dir DIR           tls.crt and tls.key, followed while they change; without it there is no TLS
  --status-port N         /live, /ready, /metrics (default 15021)
  --run-dir DIR           Envoy's bootstrap and the sockets, shared with it (default /run/sidegraph-gateway)
  --state-dir DIR         what was served last, for a start without the API server (default /var/lib/sidegraph-gateway)
  --access-log FILE       Envoy's access log (default /dev/stdout)
  --access-log-of WHICH   requests that have a line in it: all, failures (default) or none
  --otlp URL              send traces there, as OTLP over HTTP (default: none are made)
  --trace-sampling-percent P  of the requests whose caller has not decided (default 1)
  --trace-formats A,B     headers that count besides traceparent: b3, jaeger
  --max-request-series N  deployments times statuses whose requests are counted (default ${MAX_REQUEST_SERIES}; 0: none)
  --namespace NAME        follow only this one (default all)
  --http-filters JSON     list of Envoy HTTP filters to go before the routes (default [])
  --max-heap-mib N        Envoy's heap: the streams that hold most are reset from 70 % of it on (default: a share of
                          ENVOY_MEMORY_BYTES, else 1024)
  --idle-ms N             a client's connection without a request is closed after that (default 3600000)
  --body-timeout-ms N     time for a whole request to arrive (default ${LIMITS.bodyTimeoutMs.default})
  --max-header-bytes N    of a request's headers, all together (default ${LIMITS.maxHeaderBytes.default})
  --max-headers N         of one request (default ${LIMITS.maxHeaders.default})
  --recall-ms N           after that long without the API server, serve what was served last (default 5000)
  --drain-leave-ms N      at the end: how long endpoints have to forget this pod (default 5000)
  --drain-finish-ms N     at the end: how long requests in flight have (default 60000)
  --log-level LEVEL       trace, debug, info, warn, error (default info)
  --help                  this text

Instead of serving:

  --write-bootstrap       write Envoy's bootstrap by these options, and end
  --drain                 ask the agent of --run-dir to drain its Envoy, and end when it is drained
  --show WHAT             ask it for what is served where (served), for Envoy's clusters (clusters) or its numbers (stats)

POD_NAME, POD_NAMESPACE and POD_UID name the pod for which it is acknowledged what is served. ENVOY_MEMORY_BYTES is the memory
limit of Envoy's container. Connections are bounded by half of the files that this process may open, as Envoy's may.

Example: node gateway/process/main.ts --host=127.0.0.1 --run-dir=/tmp/gateway --state-dir=/tmp/gateway-state
`;

const MOST = Number.MAX_SAFE_INTEGER;
const GATEWAY_LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

const FLAGS = {
  host: flag.text('0.0.0.0'),
  'http-port': flag.whole(0, flag.MAX_PORT, 8080),
  'tls-port': flag.whole(0, flag.MAX_PORT, 8443),
  'tls-dir': flag.text(''),
  'status-port': flag.whole(0, flag.MAX_PORT, 15021),
  'run-dir': flag.text('/run/sidegraph-gateway'),
  'state-dir': flag.text('/var/lib/sidegraph-gateway'),
  'access-log': flag.text('/dev/stdout'),
  'access-log-of': flag.oneOf(ACCESS_LOGS, DEFAULT_ACCESS_LOG),
  'max-request-series': flag.whole(0, MOST_REQUEST_SERIES, MAX_REQUEST_SERIES),
  otlp: flag.parsed(parseOtlpFlag, undefined),
  'trace-sampling-percent': flag.parsed(parsePercentFlag, NO_TRACING.samplingPercent),
  'trace-formats': flag.commaList(''),
  namespace: flag.text(''),
  'http-filters': flag.parsed(parseFilters, []),
  'max-heap-mib': flag.whole(0, MIB, 0),
  'idle-ms': flag.whole(0, MOST, 3_600_000),
  'body-timeout-ms': flag.whole(0, MOST, LIMITS.bodyTimeoutMs.default),
  'max-header-bytes': flag.whole(0, MOST, LIMITS.maxHeaderBytes.default),
  'max-headers': flag.whole(0, MOST, LIMITS.maxHeaders.default),
  'write-bootstrap': flag.toggle(),
  drain: flag.toggle(),
  show: flag.oneOf(SHOWN, undefined),
  'recall-ms': flag.whole(0, MOST, 5000),
  'drain-leave-ms': flag.whole(0, MOST, 5000),
  'drain-finish-ms': flag.whole(0, MOST, 60_000),
  'log-level': flag.oneOf(GATEWAY_LOG_LEVELS, 'info'),
};

export function parseGatewayCommand(
  args: readonly string[],
  env: flag.Environment,
): flag.CommandLine<GatewayCommand> {
  const build = (values: flag.Values<typeof FLAGS>): GatewayCommand => {
    const runDir = values['run-dir'];
    if (values.drain) return { kind: 'drain', runDir };
    if (values.show !== undefined) return { kind: 'show', what: values.show, runDir };
    const options = buildOptions(values, env);
    return { kind: values['write-bootstrap'] ? 'bootstrap' : 'serve', options };
  };
  return flag.readFlags(args, FLAGS, build, env);
}

function buildOptions(values: flag.Values<typeof FLAGS>, env: flag.Environment): GatewayOptions {
  const { POD_NAME: name, POD_NAMESPACE: namespace, POD_UID: uid } = env;
  return {
    host: values.host,
    httpPort: values['http-port'],
    tls:
      values['tls-dir'] === '' ? undefined : { port: values['tls-port'], dir: values['tls-dir'] },
    statusPort: values['status-port'],
    runDir: values['run-dir'],
    stateDir: values['state-dir'],
    accessLogPath: values['access-log'],
    accessLog: values['access-log-of'],
    maxRequestSeries: values['max-request-series'],
    pod:
      name === undefined || namespace === undefined || uid === undefined
        ? undefined
        : { name, namespace, uid },
    namespace: values.namespace,
    httpFilters: values['http-filters'],
    bounds: readBounds(values['max-heap-mib'] * MIB, env.ENVOY_MEMORY_BYTES),
    clients: {
      idleMs: values['idle-ms'],
      bodyTimeoutMs: values['body-timeout-ms'],
      maxHeaderBytes: values['max-header-bytes'],
      maxHeaders: values['max-headers'],
    },
    recallMs: values['recall-ms'],
    tracing:
      values.otlp === undefined
        ? undefined
        : {
            url: values.otlp,
            samplingPercent: values['trace-sampling-percent'],
            formats: TRACE_FORMATS.filter((format) => values['trace-formats'].includes(format)),
          },
    drain: { leaveMs: values['drain-leave-ms'], finishMs: values['drain-finish-ms'] },
    logLevel: values['log-level'],
  };
}

/** `heapBytes`: 0 for what the container's memory allows. */
function readBounds(heapBytes: number, memory = ''): EnvoyBounds {
  const memoryBytes = /^\d+$/.test(memory) && Number(memory) > 0 ? Number(memory) : undefined;
  const bounds = envoyBounds(memoryBytes, readOpenFileLimit());
  return heapBytes === 0 ? bounds : { ...bounds, maxHeapBytes: heapBytes };
}

function parsePercentFlag(given: readonly string[]): flag.Parsed<number> {
  const text = given.at(-1);
  if (text === undefined) return { kind: 'value', value: NO_TRACING.samplingPercent };
  const share = parsePercent(text);
  return share === undefined
    ? { kind: 'wrong', message: `--trace-sampling-percent ${text}: expected ${SAMPLING_WANTED}` }
    : { kind: 'value', value: share * 100 };
}

function parseFilters(given: readonly string[]): flag.Parsed<readonly EnvoyJson[]> {
  const text = given.at(-1);
  if (text === undefined) return { kind: 'value', value: [] };
  let filters: unknown;
  try {
    filters = JSON.parse(text);
  } catch {
    filters = null;
  }
  return Array.isArray(filters)
    ? { kind: 'value', value: filters as EnvoyJson[] }
    : { kind: 'wrong', message: '--http-filters is not a JSON list' };
}
