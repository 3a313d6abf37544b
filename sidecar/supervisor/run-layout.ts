// Where the Envoy of one `run` lives: its files and log in the state directory, its sockets where their paths are short.
import { join } from 'node:path';
import type { AccessLog, EnvoyLayout } from '../../envoy/kit/layout.ts';
import type { EnvoyBounds } from '../../envoy/kit/overload.ts';
import type { StateDir } from './state-dir.ts';

export interface RunPlace {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly accessLog: AccessLog;
  readonly bounds: EnvoyBounds;
  /** Whether somebody may look at the requests: there is an admin port. */
  readonly live: boolean;
  /** Whether payloads may be captured. */
  readonly captures: boolean;
}

export function runLayout(place: RunPlace, { dir, sockets }: StateDir): EnvoyLayout {
  return {
    // A folder of its own: Envoy watches it, and would be woken by every line of a log beside its files.
    dir: join(dir, 'envoy'),
    host: place.host,
    httpPort: place.port,
    grpcPort: place.grpcPort,
    adminSocket: join(sockets, 'admin.sock'),
    filterSockets: Array.from({ length: place.workers }, (_, index) =>
      join(sockets, `filter-${index}.sock`),
    ),
    probeSocket: join(sockets, 'probes.sock'),
    controlHttpSocket: join(sockets, 'control-http.sock'),
    controlGrpcSocket: join(sockets, 'control-grpc.sock'),
    egressSocket: join(sockets, 'egress.sock'),
    concurrency: place.concurrency,
    bounds: place.bounds,
    accessLogPath: join(dir, 'access.log'),
    accessLog: place.accessLog,
    captures: place.captures,
    ...(place.live ? { liveLogPath: join(dir, 'live.log') } : {}),
  };
}
