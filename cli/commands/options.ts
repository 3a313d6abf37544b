// The command line as typed data. Everything a user can get wrong there is told here, in one sentence, and ends with
// exit code 2.
import { parseArgs } from 'node:util';
import { ACCESS_LOGS, type AccessLog, DEFAULT_ACCESS_LOG } from '../../envoy/kit/layout.ts';
import { PATHS, PLAN_KEY, PORTS } from '../../cluster/names.ts';
import { textOf } from '../../lib/runtime/failure.ts';
import { LOG_LEVELS, type LogLevel } from '../../sidecar/supervisor/log.ts';
import type { InjectOptions } from './inject/options.ts';
import type { SidecarOptions } from '../../sidecar/agent/options.ts';
import type { StatusOptions } from './status/options.ts';
import { parseSetFlags } from '../units/environment.ts';
import { type UnitAddress, parseUnitFlags } from '../units/url.ts';
import { type Topic, USAGE } from './usage.ts';

export type Command =
  | { readonly kind: 'help'; readonly topic: Topic }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly topic: Topic; readonly message: string }
  | { readonly kind: 'check'; readonly files: readonly string[]; readonly output: 'text' | 'json' }
  | { readonly kind: 'explain'; readonly options: ExplainOptions }
  | { readonly kind: 'run'; readonly options: RunOptions }
  | { readonly kind: 'inject'; readonly options: InjectOptions }
  | { readonly kind: 'status'; readonly options: StatusOptions }
  | { readonly kind: 'sidecar'; readonly options: SidecarOptions }
  /** Asks the agent that runs on this folder to drain. */
  | { readonly kind: 'drain'; readonly run: string };

/** Which part of a file is meant, and where units are. */
export interface Selection {
  readonly file: string;
  readonly deployment: string | null;
  readonly predictor: string | null;
  readonly units: ReadonlyMap<string, UnitAddress>;
}

export interface ExplainOptions extends Selection {
  readonly output: 'tree' | 'mermaid' | 'json';
}

export interface RunOptions extends Selection {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly adminPort: number | null;
  readonly workers: number;
  /** Envoy's worker threads; null for what the machine's CPUs give. */
  readonly concurrency: number | null;
  readonly accessLog: AccessLog;
  readonly unitTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly watch: boolean;
  readonly json: boolean;
  readonly envFiles: readonly string[];
  readonly set: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly logLevel: LogLevel;
  readonly stateDir: string | null;
}

const SELECTION = {
  deployment: { type: 'string' },
  predictor: { type: 'string' },
  unit: { type: 'string', multiple: true },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const;

const RUN = {
  ...SELECTION,
  port: { type: 'string' },
  'grpc-port': { type: 'string' },
  'admin-port': { type: 'string' },
  host: { type: 'string' },
  workers: { type: 'string' },
  concurrency: { type: 'string' },
  'access-log': { type: 'string' },
  'unit-timeout': { type: 'string' },
  'drain-timeout': { type: 'string' },
  watch: { type: 'boolean' },
  'env-file': { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  'log-level': { type: 'string' },
  'state-dir': { type: 'string' },
} as const;

const INJECT = {
  filename: { type: 'string', short: 'f', multiple: true },
  graph: { type: 'string', multiple: true },
  namespace: { type: 'string', short: 'n' },
  'envoy-image': { type: 'string' },
  'filter-image': { type: 'string' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const;

const STATUS = {
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const;

const SIDECAR = {
  plan: { type: 'string' },
  run: { type: 'string' },
  revision: { type: 'string' },
  host: { type: 'string' },
  'http-port': { type: 'string' },
  'grpc-port': { type: 'string' },
  'status-host': { type: 'string' },
  'status-port': { type: 'string' },
  workers: { type: 'string' },
  concurrency: { type: 'string' },
  'access-log': { type: 'string' },
  'envoy-memory-mib': { type: 'string' },
  'drain-seconds': { type: 'string' },
  drain: { type: 'boolean' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const MIB = 1024 * 1024;
const MAX_ENVOY_MEMORY_MIB = 1024 * 1024;

/** A usage mistake on its way to `parseCommand`, its only catcher. */
class Wrong extends Error {}

export function parseCommand(argv: readonly string[]): Command {
  const [name = '', ...rest] = argv;
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    const topic = rest[0] ?? 'main';
    if (isTopic(topic)) return { kind: 'help', topic };
    return { kind: 'wrong', topic: 'main', message: `there is no command ${topic}` };
  }
  if (name === 'version' || name === '--version' || name === '-V') return { kind: 'version' };
  if (!isTopic(name) || name === 'main') {
    return { kind: 'wrong', topic: 'main', message: `there is no command ${name}` };
  }
  try {
    return PARSERS[name](rest);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (!(thrown instanceof Wrong) && !code.startsWith('ERR_PARSE_ARGS')) throw thrown;
    // Node's own texts go on with hints about its parser; the first sentence is what a user needs.
    const message = textOf(thrown).split(/\. |\n/)[0] ?? '';
    return { kind: 'wrong', topic: name, message: message.replace(/^Unknown/, 'unknown') };
  }
}

const PARSERS: Readonly<Record<Exclude<Topic, 'main'>, (args: string[]) => Command>> = {
  check: parseCheck,
  explain: parseExplain,
  inject: parseInject,
  run: parseRun,
  sidecar: parseSidecar,
  status: parseStatus,
};

function isTopic(text: string): text is Topic {
  return Object.hasOwn(USAGE, text);
}

function parseInject(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: INJECT, allowPositionals: true });
  if (values.help === true) return { kind: 'help', topic: 'inject' };
  const files = [...(values.filename ?? []), ...positionals];
  if (files.length === 0)
    throw new Wrong('inject needs a file: -f pod.yaml, or -f - for standard input');
  return {
    kind: 'inject',
    options: {
      files,
      graphs: values.graph ?? [],
      namespace: values.namespace ?? null,
      envoyImage: values['envoy-image'] ?? null,
      filterImage: values['filter-image'] ?? null,
      output: oneOf('-o', values.output, ['yaml', 'json'], 'yaml'),
    },
  };
}

function parseStatus(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: STATUS, allowPositionals: true });
  if (values.help === true) return { kind: 'help', topic: 'status' };
  const [name, ...more] = positionals;
  if (more.length > 0) throw new Wrong(`status takes one name, not also ${more.join(' ')}`);
  const all = values['all-namespaces'] ?? false;
  if (all && (name !== undefined || values.namespace !== undefined))
    throw new Wrong('-A goes with neither a name nor -n');
  return {
    kind: 'status',
    options: {
      name: name ?? null,
      namespace: values.namespace ?? null,
      allNamespaces: all,
      context: values.context ?? null,
      kubeconfig: values.kubeconfig ?? null,
      output: oneOf('-o', values.output, ['tree', 'json'], 'tree'),
    },
  };
}

function parseSidecar(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: SIDECAR, allowPositionals: true });
  if (values.help === true) return { kind: 'help', topic: 'sidecar' };
  if (positionals.length > 0) throw new Wrong(`sidecar takes no ${positionals.join(' ')}`);
  const run = values.run ?? PATHS.run;
  if (values.drain === true) return { kind: 'drain', run };
  const memory = values['envoy-memory-mib'];
  return {
    kind: 'sidecar',
    options: {
      plan: values.plan ?? `${PATHS.plan}/${PLAN_KEY}`,
      run,
      revision: values.revision ?? null,
      host: values.host ?? '0.0.0.0',
      httpPort: whole('--http-port', values['http-port'], PORTS.http, 1, 65_535),
      grpcPort: whole('--grpc-port', values['grpc-port'], PORTS.grpc, 1, 65_535),
      statusHost: values['status-host'] ?? null,
      statusPort: whole('--status-port', values['status-port'], PORTS.status, 1, 65_535),
      workers: whole('--workers', values.workers, 1, 1, 64),
      concurrency: whole('--concurrency', values.concurrency, 1, 1, 256),
      accessLog: accessLogOf(values['access-log']),
      envoyMemoryBytes:
        memory === undefined
          ? null
          : MIB * whole('--envoy-memory-mib', memory, 0, 16, MAX_ENVOY_MEMORY_MIB),
      drainMs: 1000 * whole('--drain-seconds', values['drain-seconds'], 10, 0, 3600),
      logLevel: oneOf('--log-level', values['log-level'], LOG_LEVELS, 'info'),
    },
  };
}

function parseCheck(args: string[]): Command {
  const { output, help } = SELECTION;
  const { values, positionals } = parseArgs({
    args,
    options: { output, help },
    allowPositionals: true,
  });
  if (values.help === true) return { kind: 'help', topic: 'check' };
  if (positionals.length === 0) throw new Wrong('check needs at least one file, directory or -');
  return {
    kind: 'check',
    files: positionals,
    output: oneOf('-o', values.output, ['text', 'json'], 'text'),
  };
}

function parseExplain(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: SELECTION, allowPositionals: true });
  if (values.help === true) return { kind: 'help', topic: 'explain' };
  const output = oneOf('-o', values.output, ['tree', 'mermaid', 'json'], 'tree');
  return {
    kind: 'explain',
    options: { ...parseSelection('explain', positionals, values), output },
  };
}

function parseRun(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: RUN, allowPositionals: true });
  if (values.help === true) return { kind: 'help', topic: 'run' };
  const set = parseSetFlags(values.set ?? []);
  if (!set.ok) throw new Wrong(set.message);
  const admin = values['admin-port'];
  const concurrency = values.concurrency;
  return {
    kind: 'run',
    options: {
      ...parseSelection('run', positionals, values),
      host: values.host ?? '127.0.0.1',
      port: whole('--port', values.port, 8000, 1, 65_535),
      grpcPort: whole('--grpc-port', values['grpc-port'], 5001, 1, 65_535),
      adminPort: admin === undefined ? null : whole('--admin-port', admin, 0, 1, 65_535),
      workers: whole('--workers', values.workers, 1, 1, 64),
      concurrency:
        concurrency === undefined ? null : whole('--concurrency', concurrency, 1, 1, 256),
      accessLog: accessLogOf(values['access-log']),
      unitTimeoutMs: 1000 * whole('--unit-timeout', values['unit-timeout'], 120, 1, 86_400),
      drainTimeoutMs: 1000 * whole('--drain-timeout', values['drain-timeout'], 20, 0, 86_400),
      watch: values.watch ?? false,
      json: oneOf('-o', values.output, ['text', 'json'], 'text') === 'json',
      envFiles: values['env-file'] ?? [],
      set: set.value,
      logLevel: oneOf('--log-level', values['log-level'], LOG_LEVELS, 'info'),
      stateDir: values['state-dir'] ?? null,
    },
  };
}

function parseSelection(
  command: string,
  positionals: readonly string[],
  values: {
    deployment?: string | undefined;
    predictor?: string | undefined;
    unit?: string[] | undefined;
  },
): Selection {
  const [file, ...more] = positionals;
  if (file === undefined) throw new Wrong(`${command} needs a file`);
  if (more.length > 0) throw new Wrong(`${command} takes one file, not also ${more.join(' ')}`);
  const units = parseUnitFlags(values.unit ?? []);
  if (!units.ok) throw new Wrong(units.message);
  return {
    file,
    deployment: values.deployment ?? null,
    predictor: values.predictor ?? null,
    units: units.addresses,
  };
}

function accessLogOf(text: string | undefined): AccessLog {
  return oneOf('--access-log', text, ACCESS_LOGS, DEFAULT_ACCESS_LOG);
}

function oneOf<T extends string>(
  flag: string,
  value: string | undefined,
  known: readonly T[],
  otherwise: T,
): T {
  if (value === undefined) return otherwise;
  const found = known.find((word) => word === value);
  if (found === undefined) throw new Wrong(`${flag} ${value} is not one of ${known.join(', ')}`);
  return found;
}

function whole(
  flag: string,
  text: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Wrong(`${flag} ${text} is not a whole number from ${min} to ${max}`);
  }
  return value;
}
