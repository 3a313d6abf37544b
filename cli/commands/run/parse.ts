// The command line of `sidegraph run` as data.
import { ACCESS_LOGS, type AccessLog, DEFAULT_ACCESS_LOG } from '../../../envoy/kit/layout.ts';
import { parseOtlpFlag } from '../../../graph/seldon/tracing.ts';
import * as flag from '../../../lib/runtime/options.ts';
import { DEFAULT_CAPTURES, MAX_CAPTURES } from '../../../sidecar/live/capture/limits.ts';
import { parseSetFlags } from '../../units/environment.ts';
import { parseModelFlags } from '../../units/servers.ts';
import { type Selection, SELECTION_FLAGS, takeFile } from '../selection.ts';
import { LOG_LEVELS, type LogLevel } from '../../../lib/runtime/log.ts';
import { LOCAL_HOST } from '../../../lib/runtime/hosts.ts';

/** How many captured requests are kept, from the start on; `paused`: only once somebody switches it on. */
export type CaptureWish = number | 'paused';

export interface RunOptions extends Selection {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly adminPort: number | undefined;
  /** Undefined where payloads may not be captured. */
  readonly capture: CaptureWish | undefined;
  /** Started units whose ports are taken get others. */
  readonly freePorts: boolean;
  readonly workers: number;
  /** Envoy's worker threads; undefined for what the machine's CPUs give. */
  readonly concurrency: number | undefined;
  readonly accessLog: AccessLog;
  readonly unitTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly watch: boolean;
  readonly json: boolean;
  readonly envFiles: readonly string[];
  /** Folder of a unit's model, by its name. */
  readonly models: ReadonlyMap<string, string>;
  readonly set: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly logLevel: LogLevel;
  readonly stateDir: string | undefined;
  /** Base URL of an OTLP receiver; undefined for none. */
  readonly otlp: string | undefined;
}

const FLAGS = {
  ...SELECTION_FLAGS,
  port: flag.port(8000),
  'grpc-port': flag.port(5001),
  'admin-port': flag.port(undefined),
  capture: flag.optionalValue(parseCapture, undefined, DEFAULT_CAPTURES),
  host: flag.text(LOCAL_HOST),
  'free-ports': flag.toggle(),
  workers: flag.whole(1, 64, 1),
  concurrency: flag.whole(1, 256, undefined),
  'access-log': flag.oneOf(ACCESS_LOGS, DEFAULT_ACCESS_LOG),
  'unit-timeout': flag.whole(1, 86_400, 120),
  'drain-timeout': flag.whole(0, 86_400, 20),
  watch: flag.toggle(),
  'env-file': flag.texts(),
  set: flag.parsed(parseSetFlags, new Map<string, Map<string, string>>()),
  model: flag.parsed(parseModelFlags, new Map<string, string>()),
  'log-level': flag.oneOf(LOG_LEVELS, 'info'),
  'state-dir': flag.text(),
  otlp: flag.parsed(parseOtlpFlag, undefined),
  output: flag.short('o', flag.oneOf(['text', 'json'], 'text')),
};

export function parseRun(argv: readonly string[]): flag.CommandLine<RunOptions> {
  return flag.readCommandLine(argv, FLAGS, (values, rest, fault) => {
    if (values.capture !== undefined && values['admin-port'] === undefined)
      fault('--capture needs --admin-port, where what was captured is shown');
    return {
      file: takeFile('run', rest, fault),
      deployment: values.deployment,
      predictor: values.predictor,
      units: values.unit,
      host: values.host,
      port: values.port,
      grpcPort: values['grpc-port'],
      adminPort: values['admin-port'],
      capture: values.capture,
      freePorts: values['free-ports'],
      workers: values.workers,
      concurrency: values.concurrency,
      accessLog: values['access-log'],
      unitTimeoutMs: 1000 * values['unit-timeout'],
      drainTimeoutMs: 1000 * values['drain-timeout'],
      watch: values.watch,
      json: values.output === 'json',
      envFiles: values['env-file'],
      set: values.set,
      models: values.model,
      logLevel: values['log-level'],
      stateDir: values['state-dir'],
      otlp: values.otlp,
    };
  });
}

function parseCapture(text: string): flag.Parsed<CaptureWish> {
  if (text === 'paused') return { kind: 'value', value: text };
  const value = Number(text);
  return /^\d{1,9}$/.test(text) && value >= 1 && value <= MAX_CAPTURES
    ? { kind: 'value', value }
    : {
        kind: 'wrong',
        message: `--capture=${text} is neither a number from 1 to ${MAX_CAPTURES} nor paused`,
      };
}
