// The command line of the filter's process, read strictly: what is unknown, double, missing or no number is an error.
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';

export interface WorkerOptions {
  /** Envoy's egress listener; null when every edge is straight. */
  readonly egress: string | null;
  readonly logLevel: LogLevel;
  readonly maxHeldBytes: number;
  /** How long a drain may take before the process ends anyway. */
  readonly drainLimitMs: number;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How long requests in flight have to end when the process drains; as long as Seldon's executor gives them. */
export const DRAIN_LIMIT_MS = 15_000;

export const USAGE = `Usage: main.ts [options]

The filter's process: walks graphs for Envoy's ext_proc filter. Started by its supervisor with an IPC channel, over which it is given
plans and connections.

  --egress PATH         unix socket of Envoy's egress listener
  --log-level LEVEL     ${LOG_LEVELS.join(', ')} (default info)
  --max-held-bytes N    bytes held over all requests in flight (default ${MAX_HELD_BYTES})
  --drain-limit-ms N    how long a drain may take (default ${DRAIN_LIMIT_MS})
  --warm                fill the compile cache and end: workers then start faster and smaller
  --help                this text
`;

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: WorkerOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'warm' }
  | { readonly kind: 'faults'; readonly faults: readonly string[] };

const FLAGS = ['--egress', '--log-level', '--max-held-bytes', '--drain-limit-ms'] as const;
type Flag = (typeof FLAGS)[number];

/** Reads the arguments after the script's name; all faults at once. */
export function parseOptions(argv: readonly string[]): ParsedOptions {
  if (argv.includes('--help')) return { kind: 'help' };
  if (argv.length === 1 && argv[0] === '--warm') return { kind: 'warm' };
  const faults: string[] = [];
  const values = readFlags(argv, faults);

  const number = (flag: Flag, fallback: number, min: number): number => {
    const text = values.get(flag);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    faults.push(`${flag}: "${text}" is not a whole number from ${min} on`);
    return fallback;
  };

  const levelText = values.get('--log-level') ?? 'info';
  const logLevel = LOG_LEVELS.find((level) => level === levelText);
  if (logLevel === undefined) {
    faults.push(`--log-level: "${levelText}" is none of ${LOG_LEVELS.join(', ')}`);
  }
  const options: WorkerOptions = {
    egress: values.get('--egress') ?? null,
    logLevel: logLevel ?? 'info',
    maxHeldBytes: number('--max-held-bytes', MAX_HELD_BYTES, 1),
    drainLimitMs: number('--drain-limit-ms', DRAIN_LIMIT_MS, 0),
  };
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'options', options };
}

/** Splits `--flag value` and `--flag=value`. */
function readFlags(argv: readonly string[], faults: string[]): Map<Flag, string> {
  const values = new Map<Flag, string>();
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const flag = FLAGS.find((known) => known === name);
    if (flag === undefined) {
      faults.push(`unknown argument "${argument}"`);
      continue;
    }
    const value = equals < 0 ? argv[++index] : argument.slice(equals + 1);
    if (value === undefined || value === '') faults.push(`${flag} needs a value`);
    else if (values.has(flag)) faults.push(`${flag} is given twice`);
    else values.set(flag, value);
  }
  return values;
}
