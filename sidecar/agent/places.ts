// Where the agent keeps what is its own in the folder that it shares with Envoy, and where Envoy's parts are.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvoyLayout } from '../../envoy/kit/layout.ts';
import { INGRESS_SECRET } from '../../envoy/kit/names.ts';
import { tlsSecrets } from '../../envoy/kit/tls.ts';
import { envoyBounds } from '../../envoy/kit/overload.ts';
import { sidecarLayout } from '../../cluster/layout.ts';
import { readOpenFileLimit } from '../../envoy/kit/open-files.ts';
import type { SidecarOptions } from './options.ts';

export interface Places {
  readonly layout: EnvoyLayout;
  /** Text of the plan that is live, for an agent that comes after this one. */
  readonly livePlan: string;
  /** There while Envoy is drained: an agent that comes after in the same pod cannot undo that. */
  readonly drained: string;
  /** Takes the pod's own orders, which the status port does not. */
  readonly controlSocket: string;
}

export function placesOf(options: SidecarOptions): Places {
  const { run } = options;
  const bounds = envoyBounds(options.envoyMemoryBytes, readOpenFileLimit());
  const pod = sidecarLayout(options.concurrency, run, bounds);
  const { host, httpPort, grpcPort, accessLog, workers } = options;
  const filterSockets =
    workers === 1
      ? pod.filterSockets
      : Array.from({ length: workers }, (_, index) => join(run, `filter-${index}.sock`));
  return {
    layout: {
      ...pod,
      host,
      httpPort,
      grpcPort,
      accessLog,
      filterSockets,
      ...(options.livePort === undefined ? {} : { liveLogPath: join(run, 'live.log') }),
      ...(options.tls === undefined ? {} : { tlsSecretsPath: join(run, 'tls-secrets.json') }),
    },
    livePlan: join(run, 'live-plan.json'),
    drained: join(run, 'drained'),
    controlSocket: agentControlSocket(run),
  };
}

export function agentControlSocket(run: string): string {
  return join(run, 'agent.sock');
}

/** Makes the folder; sockets of an agent that died with its container are removed, since binding fails on them. */
export function preparePlaces(
  { layout, controlSocket }: Places,
  { run, tls }: Pick<SidecarOptions, 'run' | 'tls'>,
): void {
  mkdirSync(run, { recursive: true, mode: 0o700 });
  if (tls !== undefined && layout.tlsSecretsPath !== undefined)
    writeFileSync(layout.tlsSecretsPath, JSON.stringify(tlsSecrets(INGRESS_SECRET, tls)));
  const { filterSockets, probeSocket, controlHttpSocket, controlGrpcSocket } = layout;
  const ours = [probeSocket, controlHttpSocket, controlGrpcSocket, controlSocket];
  for (const path of [...filterSockets, ...ours]) rmSync(path, { force: true });
}
