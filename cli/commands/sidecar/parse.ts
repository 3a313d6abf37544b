// The command line of `sidegraph sidecar` as data: the agent's own life, or one request to an agent that runs.
import { PATHS, PLAN_KEY, PORTS } from '../../../cluster/names.ts';
import { ACCESS_LOGS, DEFAULT_ACCESS_LOG } from '../../../envoy/kit/layout.ts';
import { TLS_CERTIFICATE, TLS_KEY } from '../../../envoy/kit/tls.ts';
import * as flag from '../../../lib/runtime/options.ts';
import type { SidecarOptions } from '../../../sidecar/agent/options.ts';
import { LOG_LEVELS } from '../../../lib/runtime/log.ts';

export type SidecarCommand =
  | { readonly kind: 'serve'; readonly options: SidecarOptions }
  /** Asks the agent that runs on this folder to drain. */
  | { readonly kind: 'drain'; readonly run: string };

const MIB = 1024 * 1024;

const FLAGS = {
  plan: flag.text(`${PATHS.plan}/${PLAN_KEY}`),
  run: flag.text(PATHS.run),
  revision: flag.text(),
  host: flag.text('0.0.0.0'),
  'http-port': flag.port(PORTS.http),
  'grpc-port': flag.port(PORTS.grpc),
  'status-host': flag.text(),
  'status-port': flag.port(PORTS.status),
  'live-port': flag.port(undefined),
  workers: flag.whole(1, 64, 1),
  concurrency: flag.whole(1, 256, 1),
  'access-log': flag.oneOf(ACCESS_LOGS, DEFAULT_ACCESS_LOG),
  'envoy-memory-mib': flag.whole(16, MIB, undefined),
  'drain-seconds': flag.whole(0, 3600, 10),
  'tls-dir': flag.text(),
  'tls-certificate': flag.text(TLS_CERTIFICATE),
  'tls-key': flag.text(TLS_KEY),
  drain: flag.toggle(),
  'log-level': flag.oneOf(LOG_LEVELS, 'info'),
};

export function parseSidecar(argv: readonly string[]): flag.CommandLine<SidecarCommand> {
  return flag.readCommandLine(argv, FLAGS, (values, rest, fault) => {
    if (rest.length > 0) fault(`sidecar takes no ${rest.join(' ')}`);
    const { run } = values;
    if (values.drain) return { kind: 'drain', run };
    const dir = values['tls-dir'];
    const memory = values['envoy-memory-mib'];
    return {
      kind: 'serve',
      options: {
        plan: values.plan,
        run,
        revision: values.revision,
        host: values.host,
        httpPort: values['http-port'],
        grpcPort: values['grpc-port'],
        statusHost: values['status-host'],
        statusPort: values['status-port'],
        livePort: values['live-port'],
        workers: values.workers,
        concurrency: values.concurrency,
        accessLog: values['access-log'],
        envoyMemoryBytes: memory === undefined ? undefined : memory * MIB,
        drainMs: 1000 * values['drain-seconds'],
        logLevel: values['log-level'],
        tls:
          dir === undefined
            ? undefined
            : { dir, certificate: values['tls-certificate'], key: values['tls-key'] },
      },
    };
  });
}
