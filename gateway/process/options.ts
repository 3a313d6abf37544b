// The command line and environment of the gateway's agent.
import { parseArgs } from 'node:util';
import { readOpenFileLimit } from '../../envoy/kit/open-files.ts';
import type { ClientBounds } from '../../envoy/kit/http-limits.ts';
import type { JsonObject } from '../../envoy/kit/json.ts';
import { type EnvoyBounds, envoyBounds } from '../../envoy/kit/overload.ts';
import { ACCESS_LOGS, type AccessLog, DEFAULT_ACCESS_LOG } from '../../envoy/kit/layout.ts';
import { LIMITS } from '../../graph/plan/limits.ts';
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
  readonly tls: { readonly port: number; readonly dir: string } | null;
  readonly statusPort: number;
  /** Shared with Envoy: bootstrap and sockets. */
  readonly runDir: string;
  /** Outlives a restart of the containers. */
  readonly stateDir: string;
  readonly accessLogPath: string;
  readonly accessLog: AccessLog;
  /** Null outside a pod: then nothing is acknowledged. */
  readonly pod: GatewayPod | null;
  /** Empty: all. */
  readonly namespace: string;
  readonly httpFilters: readonly JsonObject[];
  readonly bounds: EnvoyBounds;
  readonly clients: ClientBounds;
  /** After that long without the API server, what is on disk is served, ms. */
  readonly recallMs: number;
  readonly drain: { readonly leaveMs: number; readonly finishMs: number };
  readonly logLevel: string;
}

const MIB = 1024 * 1024;

export const USAGE = `The gateway's agent: follows the cluster's SeldonDeployments and gives Envoy beside it their routes.

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

const FLAGS = {
  host: { type: 'string', default: '0.0.0.0' },
  'http-port': { type: 'string', default: '8080' },
  'tls-port': { type: 'string', default: '8443' },
  'tls-dir': { type: 'string', default: '' },
  'status-port': { type: 'string', default: '15021' },
  'run-dir': { type: 'string', default: '/run/sidegraph-gateway' },
  'state-dir': { type: 'string', default: '/var/lib/sidegraph-gateway' },
  'access-log': { type: 'string', default: '/dev/stdout' },
  'access-log-of': { type: 'string', default: DEFAULT_ACCESS_LOG },
  namespace: { type: 'string', default: '' },
  'http-filters': { type: 'string', default: '[]' },
  'max-heap-mib': { type: 'string', default: '0' },
  'idle-ms': { type: 'string', default: '3600000' },
  'body-timeout-ms': { type: 'string', default: String(LIMITS.bodyTimeoutMs.default) },
  'max-header-bytes': { type: 'string', default: String(LIMITS.maxHeaderBytes.default) },
  'max-headers': { type: 'string', default: String(LIMITS.maxHeaders.default) },
  'write-bootstrap': { type: 'boolean', default: false },
  drain: { type: 'boolean', default: false },
  show: { type: 'string' },
  'recall-ms': { type: 'string', default: '5000' },
  'drain-leave-ms': { type: 'string', default: '5000' },
  'drain-finish-ms': { type: 'string', default: '60000' },
  'log-level': { type: 'string', default: 'info' },
} as const;

/** Throws as `parseGatewayOptions` does. */
export function parseGatewayCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): GatewayCommand {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  const runDir = values['run-dir'];
  if (values.drain) return { kind: 'drain', runDir };
  if (values.show !== undefined) {
    const what = SHOWN.find((each) => each === values.show);
    if (what === undefined)
      throw new Error(`--show ${values.show}: not one of ${SHOWN.join(', ')}`);
    return { kind: 'show', what, runDir };
  }
  const options = parseGatewayOptions(args, env);
  return { kind: values['write-bootstrap'] ? 'bootstrap' : 'serve', options };
}

/** Throws with words for people where a flag is unknown or a number is none. */
export function parseGatewayOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): GatewayOptions {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  const number = (name: Exclude<keyof typeof FLAGS, 'drain' | 'write-bootstrap'>): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new Error(`--${name} ${values[name]}: not a whole number`);
  };
  const { POD_NAME: name, POD_NAMESPACE: namespace, POD_UID: uid } = env;
  return {
    host: values.host,
    httpPort: number('http-port'),
    tls: values['tls-dir'] === '' ? null : { port: number('tls-port'), dir: values['tls-dir'] },
    statusPort: number('status-port'),
    runDir: values['run-dir'],
    stateDir: values['state-dir'],
    accessLogPath: values['access-log'],
    accessLog: parseAccessLog(values['access-log-of']),
    pod:
      name === undefined || namespace === undefined || uid === undefined
        ? null
        : { name, namespace, uid },
    namespace: values.namespace,
    httpFilters: parseFilters(values['http-filters']),
    bounds: readBounds(number('max-heap-mib') * MIB, env.ENVOY_MEMORY_BYTES),
    clients: {
      idleMs: number('idle-ms'),
      bodyTimeoutMs: number('body-timeout-ms'),
      maxHeaderBytes: number('max-header-bytes'),
      maxHeaders: number('max-headers'),
    },
    recallMs: number('recall-ms'),
    drain: { leaveMs: number('drain-leave-ms'), finishMs: number('drain-finish-ms') },
    logLevel: values['log-level'],
  };
}

/** `heapBytes`: 0 for what the container's memory allows. */
function readBounds(heapBytes: number, memory = ''): EnvoyBounds {
  const memoryBytes = /^\d+$/.test(memory) && Number(memory) > 0 ? Number(memory) : null;
  const bounds = envoyBounds(memoryBytes, readOpenFileLimit());
  return heapBytes === 0 ? bounds : { ...bounds, maxHeapBytes: heapBytes };
}

function parseAccessLog(text: string): AccessLog {
  const which = ACCESS_LOGS.find((known) => known === text);
  if (which === undefined)
    throw new Error(`--access-log-of ${text}: not one of ${ACCESS_LOGS.join(', ')}`);
  return which;
}

function parseFilters(text: string): readonly JsonObject[] {
  const filters = JSON.parse(text) as unknown;
  if (!Array.isArray(filters)) throw new Error('--http-filters: not a JSON list');
  return filters as JsonObject[];
}
