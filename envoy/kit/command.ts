// The command line that starts Envoy on the writer's files.
import { type EnvoyLayout, bootstrapPath } from './layout.ts';
import { DRAIN_SECONDS } from './limits.ts';

/** How long a line of the access log may wait in memory, ms. */
const ACCESS_LOG_FLUSH_MS = 500;

export interface CommandOptions {
  /** Envoy's own: `info`, `warning`, `debug` … */
  readonly logLevel: string;
  /** Path of the binary, see `locateEnvoy`. */
  readonly envoyBin: string;
}

/**
 * What Envoy's `debug` writes of these are headers and messages of clients and units: tokens, cookies, payloads. They stay at
 * `info`; connections, clusters, updates and the pools of connections are told at `debug`.
 */
const VERBOSE_LEVELS = ['debug', 'trace'];
const DISCREET_COMPONENTS = ['http', 'http2', 'router', 'ext_proc', 'filter', 'grpc'];

/** argv to start Envoy in the foreground; the writer's `start` must have written the files before. */
export function envoyCommand(layout: EnvoyLayout, options: CommandOptions): string[] {
  return [
    options.envoyBin,
    '--config-path',
    bootstrapPath(layout),
    '--concurrency',
    String(layout.concurrency),
    '--log-level',
    options.logLevel,
    ...(VERBOSE_LEVELS.includes(options.logLevel)
      ? [
          '--component-log-level',
          DISCREET_COMPONENTS.map((component) => `${component}:info`).join(','),
        ]
      : []),
    '--file-flush-interval-msec',
    String(ACCESS_LOG_FLUSH_MS),
    '--drain-time-s',
    String(DRAIN_SECONDS),
    '--drain-strategy',
    'immediate',
    // A dynamic resource with a field that Envoy does not know is refused, not half applied.
    '--reject-unknown-dynamic-fields',
    '--disable-hot-restart',
  ];
}
