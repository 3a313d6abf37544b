// The command line of the filter's process.
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';
import * as flag from '../../lib/runtime/options.ts';

export interface WorkerOptions {
  /** Envoy's egress listener; undefined when every edge is direct. */
  readonly egress: string | undefined;
  readonly logLevel: FilterLogLevel;
  /** Where payload logs say that they come from: the URL of the graph. */
  readonly source: string;
  readonly maxHeldBytes: number;
  /** Of how many processes this one is. */
  readonly workers: number;
  /** How long a drain may take before the process ends anyway. */
  readonly drainLimitMs: number;
  /** Whether somebody may ask for the walks. */
  readonly live: boolean;
}

const FILTER_LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type FilterLogLevel = (typeof FILTER_LOG_LEVELS)[number];

/** Time for requests in flight when the process drains; the same that Seldon's executor gives them. */
export const DRAIN_LIMIT_MS = 15_000;

/** More than any machine has processors for. */
const MAX_WORKERS = 1024;

/** As Seldon's operator lets its executor say it: without a host name. */
const DEFAULT_SOURCE = 'http://:8000/';

export const FILTER_USAGE = `Usage: main.ts [options]

The filter's process: walks graphs for Envoy's ext_proc filter. Started by its supervisor with an IPC channel, over which it is given
plans and connections.

  --egress PATH         unix socket of Envoy's egress listener
  --log-level LEVEL     ${FILTER_LOG_LEVELS.join(', ')} (default info)
  --source URL          what payload logs name as their source (default ${DEFAULT_SOURCE})
  --max-held-bytes N    bytes held over all requests in flight (default ${MAX_HELD_BYTES})
  --workers N           processes of the filter, of which this is one (default 1)
  --drain-limit-ms N    how long a drain may take (default ${DRAIN_LIMIT_MS})
  --live                write walks down while they are asked for
  --warm                fill the compile cache and end: workers then start faster and smaller
  --help                this text
`;

export type WorkerCommand =
  | { readonly kind: 'serve'; readonly options: WorkerOptions }
  | { readonly kind: 'warm' };

const FLAGS = {
  egress: flag.text(),
  'log-level': flag.oneOf(FILTER_LOG_LEVELS, 'info'),
  source: flag.text(DEFAULT_SOURCE),
  'max-held-bytes': flag.whole(1, Number.MAX_SAFE_INTEGER, MAX_HELD_BYTES),
  workers: flag.whole(1, MAX_WORKERS, 1),
  'drain-limit-ms': flag.whole(0, Number.MAX_SAFE_INTEGER, DRAIN_LIMIT_MS),
  live: flag.toggle(),
  warm: flag.toggle(),
};

/** Reads the arguments after the script's name. */
export function parseFilterOptions(argv: readonly string[]): flag.CommandLine<WorkerCommand> {
  return flag.readFlags(argv, FLAGS, (values) => {
    if (values.warm) return { kind: 'warm' };
    return {
      kind: 'serve',
      options: {
        egress: values.egress,
        logLevel: values['log-level'],
        source: values.source,
        maxHeldBytes: values['max-held-bytes'],
        workers: values.workers,
        drainLimitMs: values['drain-limit-ms'],
        live: values.live,
      },
    };
  });
}
