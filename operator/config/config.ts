// What the operator's process is told at its start: flags and environment, read once, all faults at once, and frozen. What it
// renders objects from comes with the chart's folder (chart-config.ts).
import { parseArgs } from 'node:util';
import type { LogLevel } from './defaults.ts';
import { LOG_LEVELS } from './defaults.ts';

export interface OperatorOptions {
  /** Where the Lease is, and the gateways unless they are elsewhere. */
  readonly namespace: string;
  /** Name of this pod. */
  readonly replica: string;
  readonly lease: string;
  /** Folder with the chart's settings; '' for the defaults. */
  readonly configDir: string;
  readonly host: string;
  /** Plain HTTP: /healthz, /readyz, /metrics. 0 for a free one. */
  readonly healthPort: number;
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
  readonly gatewayNamespace: string;
  /** SeldonDeployments that are worked on at a time. */
  readonly workers: number;
  /** Field managers of an operator that is taken over from. */
  readonly formerManagers: readonly string[];
  readonly logLevel: LogLevel;
}

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: OperatorOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'faults'; readonly faults: readonly string[] };

export const USAGE = `The operator: makes of each SeldonDeployment what it needs, and says in its status how that is.

Usage: node operator/process/main.ts [options]

  --namespace NAME          namespace of the Lease (default POD_NAMESPACE)
  --replica NAME            name of this replica (default POD_NAME, HOSTNAME)
  --lease NAME              Lease by which replicas choose a leader (default sidegraph-operator)
  --config DIR              folder with sidegraph.json and predictor_servers (default: built-in settings)
  --health-host ADDRESS     address of /healthz, /readyz and /metrics (default 0.0.0.0)
  --health-port PORT        its port (default 8081)
  --watch-namespaces A,B    only these namespaces (default all)
  --gateway-namespace NAME  where gateways run (default that of --namespace)
  --workers N               SeldonDeployments that are worked on at a time (default 8)
  --former-managers A,B     field managers of the operator that is taken over from (default manager)
  --log-level LEVEL         ${LOG_LEVELS.join(', ')} (default info)
  --help                    this text

Example: node operator/process/main.ts --namespace=sidegraph-system --replica=local --health-host=127.0.0.1
`;

const FLAGS = {
  namespace: { type: 'string' },
  replica: { type: 'string' },
  lease: { type: 'string', default: 'sidegraph-operator' },
  config: { type: 'string', default: '' },
  'health-host': { type: 'string', default: '0.0.0.0' },
  'health-port': { type: 'string', default: '8081' },
  'watch-namespaces': { type: 'string', default: '' },
  'gateway-namespace': { type: 'string' },
  workers: { type: 'string', default: '8' },
  'former-managers': { type: 'string', default: 'manager' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false },
} as const;

const MAX_WORKERS = 64;
const MAX_PORT = 65_535;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function parseOperatorOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(argv);
  } catch (error) {
    // Node's own texts go on with hints about its parser.
    const message = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : '';
    return { kind: 'faults', faults: [message] };
  }
  if (values.help) return { kind: 'help' };
  const faults: string[] = [];
  const whole = (flag: 'health-port' | 'workers', least: number, most: number): number => {
    const value = Number(values[flag]);
    if (/^\d+$/.test(values[flag]) && value >= least && value <= most) return value;
    faults.push(`--${flag} ${values[flag]} is not a whole number from ${least} to ${most}`);
    return least;
  };
  const namespace = values.namespace ?? env['POD_NAMESPACE'] ?? '';
  if (namespace === '') faults.push('--namespace (or POD_NAMESPACE) is missing');
  const replica = values.replica ?? env['POD_NAME'] ?? env['HOSTNAME'] ?? '';
  if (replica === '') faults.push('--replica (or POD_NAME) is missing');
  const logLevel = LOG_LEVELS.find((level) => level === values['log-level']);
  if (logLevel === undefined) faults.push(`--log-level is one of ${LOG_LEVELS.join(', ')}`);
  const watchNamespaces = splitList(values['watch-namespaces']);
  for (const name of watchNamespaces)
    if (!NAMESPACE.test(name)) faults.push(`--watch-namespaces: "${name}" is no namespace`);
  const options: OperatorOptions = {
    namespace,
    replica,
    lease: values.lease,
    configDir: values.config,
    host: values['health-host'],
    healthPort: whole('health-port', 0, MAX_PORT),
    watchNamespaces: Object.freeze([...new Set(watchNamespaces)]),
    gatewayNamespace: values['gateway-namespace'] ?? namespace,
    workers: whole('workers', 1, MAX_WORKERS),
    formerManagers: Object.freeze(splitList(values['former-managers'])),
    logLevel: logLevel ?? 'info',
  };
  return faults.length > 0
    ? { kind: 'faults', faults }
    : { kind: 'options', options: Object.freeze(options) };
}

function parse(argv: readonly string[]): {
  [K in Exclude<
    keyof typeof FLAGS,
    'namespace' | 'replica' | 'gateway-namespace' | 'help'
  >]: string;
} & { namespace?: string; replica?: string; 'gateway-namespace'?: string; help: boolean } {
  return parseArgs({ args: [...argv], options: FLAGS, strict: true }).values;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
