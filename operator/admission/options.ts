// The flags of the webhooks' process, read once. What the sidecars are made of comes with the operator's own configuration.
import { parseArgs } from 'node:util';
import type { LogLevel } from '../config/defaults.ts';
import { LOG_LEVELS } from '../config/defaults.ts';

export interface AdmissionOptions {
  readonly host: string;
  readonly port: number;
  /** Plain HTTP: /healthz, /readyz, /metrics. */
  readonly healthPort: number;
  /** Where the Secret and the Lease are. */
  readonly namespace: string;
  /** Name of this pod. */
  readonly replica: string;
  readonly secretName: string;
  readonly leaseName: string;
  /** Name of the mutating and of the validating webhook configuration. */
  readonly configurationName: string;
  /** Names and addresses that the certificate is good for. */
  readonly hosts: readonly string[];
  /** Folder with the chart's settings; the defaults without. */
  readonly configDir?: string;
  readonly logLevel: LogLevel;
}

export const USAGE = `The webhooks: SeldonDeployments are validated, and pods that ask for it get their sidecars.

Usage: node operator/admission/main.ts --namespace NAME --replica NAME [options]

  --namespace NAME        where the Secret and the Lease are (default POD_NAMESPACE)
  --replica NAME          name of this pod (default POD_NAME, then HOSTNAME)
  --listen HOST:PORT      HTTPS for the API server (default 0.0.0.0:9443)
  --health-port N         /healthz, /readyz, /metrics (default 8081)
  --service NAME          Service in front of it; the certificate is good for its names (default sidegraph-admission)
  --host NAME             one more name or address of the certificate; may be repeated
  --cluster-domain NAME   (default cluster.local)
  --secret NAME           keeps the certificate (default sidegraph-admission-certificate)
  --lease NAME            who rotates it (default sidegraph-admission)
  --configuration NAME    of the mutating and of the validating webhook (default sidegraph)
  --config DIR            the chart's settings, for what sidecars are made of
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (default info)
  --help                  this text

Example: node operator/admission/main.ts --namespace=sidegraph-system --replica=local --listen=127.0.0.1:9443
`;

export type ParsedOptions =
  | { readonly ok: true; readonly options: AdmissionOptions }
  | { readonly ok: false; readonly reason: string };

const FLAGS = {
  listen: { type: 'string', default: '0.0.0.0:9443' },
  'health-port': { type: 'string', default: '8081' },
  namespace: { type: 'string' },
  replica: { type: 'string' },
  service: { type: 'string', default: 'sidegraph-admission' },
  secret: { type: 'string', default: 'sidegraph-admission-certificate' },
  lease: { type: 'string', default: 'sidegraph-admission' },
  configuration: { type: 'string', default: 'sidegraph' },
  host: { type: 'string', multiple: true },
  config: { type: 'string', default: '' },
  'cluster-domain': { type: 'string', default: 'cluster.local' },
  'log-level': { type: 'string', default: 'info' },
} as const;

export function parseOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  try {
    const { values } = parseArgs({ args: [...argv], options: FLAGS, strict: true });
    const listen = /^(.*):(\d+)$/.exec(values.listen);
    const port = Number(listen?.[2]);
    if (listen === null || port > 65_535)
      return wrong(`--listen ${values.listen} is not HOST:PORT`);
    const healthPort = Number(values['health-port']);
    if (!Number.isInteger(healthPort) || healthPort < 0 || healthPort > 65_535)
      return wrong(`--health-port ${values['health-port']} is not a port`);
    const logLevel = LOG_LEVELS.find((level) => level === values['log-level']);
    if (logLevel === undefined) return wrong(`--log-level is one of ${LOG_LEVELS.join(', ')}`);
    const namespace = values.namespace ?? env['POD_NAMESPACE'] ?? '';
    if (namespace === '') return wrong('--namespace (or POD_NAMESPACE) is missing');
    const replica = values.replica ?? env['POD_NAME'] ?? env['HOSTNAME'] ?? '';
    if (replica === '') return wrong('--replica (or POD_NAME) is missing');
    const service = `${values.service}.${namespace}.svc`;
    return {
      ok: true,
      options: {
        host: listen[1] ?? '',
        port,
        healthPort,
        namespace,
        replica,
        secretName: values.secret,
        leaseName: values.lease,
        configurationName: values.configuration,
        hosts: [service, `${service}.${values['cluster-domain']}`, ...(values.host ?? [])],
        ...(values.config === '' ? {} : { configDir: values.config }),
        logLevel,
      },
    };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function wrong(reason: string): ParsedOptions {
  return { ok: false, reason };
}
