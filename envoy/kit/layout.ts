// Where one Envoy lives: its ports, its sockets and the folder with its files. The caller decides it once; the
// renderer and the writer only read it.
import { join } from 'node:path';
import type { EnvoyBounds } from './overload.ts';

export const ACCESS_LOGS = ['all', 'failures', 'none'] as const;
/** Which requests have a line in the access log: `failures` are what failed, what was slow, and one in many besides. */
export type AccessLog = (typeof ACCESS_LOGS)[number];
export const DEFAULT_ACCESS_LOG: AccessLog = 'failures';

export interface EnvoyLayout {
  /** Folder of Envoy's files; the writer owns everything in it that ends in `.json`. */
  readonly dir: string;
  /** Address that the ingress listens on. */
  readonly host: string;
  /** HTTP/1.1 and h2c, REST and gRPC alike. */
  readonly httpPort: number;
  /** The same, under the port that gRPC clients expect. */
  readonly grpcPort: number;
  readonly adminSocket: string;
  /** One unix socket for each worker of the filter. */
  readonly filterSockets: readonly string[];
  /** Unix socket that serves readiness and metrics. */
  readonly probeSocket: string;
  /** Unix sockets that serve what is not on the path of a prediction: status, metadata, reflection … */
  readonly controlHttpSocket: string;
  readonly controlGrpcSocket: string;
  /** Unix socket on which the filter makes side calls through Envoy. */
  readonly egressSocket: string;
  /** Envoy's worker threads. */
  readonly concurrency: number;
  /** What the process may take. */
  readonly bounds: EnvoyBounds;
  readonly accessLogPath: string;
  readonly accessLog: AccessLog;
  /** A log of every request, for as long as somebody looks at the live page; there is none without. */
  readonly liveLogPath?: string;
  /** Whether payloads of requests may be captured. */
  readonly captures?: boolean;
  /** File of secret discovery with the ingress's certificate (`tlsSecrets` of INGRESS_SECRET); plain without. */
  readonly tlsSecretsPath?: string;
}

export function bootstrapPath(layout: EnvoyLayout): string {
  return join(layout.dir, 'bootstrap.json');
}

export function listenersPath(layout: EnvoyLayout): string {
  return join(layout.dir, 'listeners.json');
}

export function clustersPath(layout: EnvoyLayout): string {
  return join(layout.dir, 'clusters.json');
}

/** How many lines the live log may have a second. */
export function liveLimitPath(layout: EnvoyLayout): string {
  return join(layout.dir, 'live-limit.json');
}

/** The file of one route table; predictors are DNS labels, so the name is safe in a path. */
export function routesPath(layout: EnvoyLayout, routeTable: string): string {
  return join(layout.dir, `routes-${routeTable}.json`);
}

/** A configuration source that Envoy watches: it reads the file again when one is renamed over it. */
export function fileSource(layout: EnvoyLayout, path: string) {
  return {
    path_config_source: { path, watched_directory: { path: layout.dir } },
    resource_api_version: 'V3',
  };
}
