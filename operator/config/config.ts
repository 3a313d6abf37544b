// What the operator's process is told at its start: flags and environment, read once, all faults at once, and frozen. What it
// renders objects from comes with the chart's folder (chart-config.ts).
import * as flag from '../../lib/runtime/options.ts';
import { LOG_LEVELS, type LogLevel } from '../../lib/runtime/log.ts';

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

export const OPERATOR_USAGE = `The operator: makes of each SeldonDeployment what it needs, and says in its status how that is.

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

const MAX_WORKERS = 64;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const FLAGS = {
  namespace: flag.required('POD_NAMESPACE'),
  replica: flag.required('POD_NAME', 'HOSTNAME'),
  lease: flag.text('sidegraph-operator'),
  config: flag.text(''),
  'health-host': flag.text('0.0.0.0'),
  'health-port': flag.whole(0, flag.MAX_PORT, 8081),
  'watch-namespaces': flag.commaList(''),
  'gateway-namespace': flag.text(),
  workers: flag.whole(1, MAX_WORKERS, 8),
  'former-managers': flag.commaList('manager'),
  'log-level': flag.oneOf(LOG_LEVELS, 'info'),
};

export function parseOperatorOptions(
  argv: readonly string[],
  env: flag.Environment,
): flag.CommandLine<OperatorOptions> {
  const build = (values: flag.Values<typeof FLAGS>, fault: flag.ReportProblem) => {
    const watchNamespaces = values['watch-namespaces'];
    for (const name of watchNamespaces)
      if (!NAMESPACE.test(name)) fault(`--watch-namespaces: "${name}" is no namespace`);
    return Object.freeze({
      namespace: values.namespace,
      replica: values.replica,
      lease: values.lease,
      configDir: values.config,
      host: values['health-host'],
      healthPort: values['health-port'],
      watchNamespaces: Object.freeze([...watchNamespaces]),
      gatewayNamespace: values['gateway-namespace'] ?? values.namespace,
      workers: values.workers,
      formerManagers: Object.freeze([...values['former-managers']]),
      logLevel: values['log-level'],
    });
  };
  return flag.readFlags(argv, FLAGS, build, env);
}
