// Where Envoy and the filter meet inside a pod: one memory volume that both mount. The template's renderer and the agent in
// the pod read the same layout, so that neither can move a file away from the other.
import { join } from 'node:path';
import { DEFAULT_ACCESS_LOG, type EnvoyLayout } from '../envoy/kit/layout.ts';
import { type EnvoyBounds, envoyBounds } from '../envoy/kit/overload.ts';
import { PATHS, PORTS } from './names.ts';

/** The layout of a pod; `run` is the shared folder, `bounds` matter to who writes Envoy's files. */
export function sidecarLayout(
  concurrency: number,
  run: string = PATHS.run,
  bounds: EnvoyBounds = envoyBounds(undefined, undefined),
): EnvoyLayout {
  return {
    dir: join(run, 'envoy'),
    host: '0.0.0.0',
    httpPort: PORTS.http,
    grpcPort: PORTS.grpc,
    adminSocket: join(run, 'admin.sock'),
    filterSockets: [join(run, 'filter.sock')],
    probeSocket: join(run, 'probes.sock'),
    controlHttpSocket: join(run, 'control-http.sock'),
    controlGrpcSocket: join(run, 'control-grpc.sock'),
    egressSocket: join(run, 'egress.sock'),
    concurrency,
    bounds,
    accessLogPath: '/dev/stdout',
    accessLog: DEFAULT_ACCESS_LOG,
  };
}
