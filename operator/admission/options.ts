// The flags of the webhooks' process, read once. What the sidecars are made of comes with the operator's own configuration.
import * as flag from '../../lib/runtime/options.ts';
import { LOG_LEVELS, type LogLevel } from '../../lib/runtime/log.ts';

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
  /** Folder with the certificate that another program keeps; then none is made, and the caBundle is left alone. */
  readonly certificateDir?: string;
  readonly leaseName: string;
  /** Name of the mutating and of the validating webhook configuration. */
  readonly configurationName: string;
  /** Names and addresses that the certificate is good for. */
  readonly hosts: readonly string[];
  /** Folder with the chart's settings; the defaults without. */
  readonly configDir?: string;
  readonly logLevel: LogLevel;
}

export const WEBHOOKS_USAGE = `The webhooks: SeldonDeployments are validated, and pods that ask for it get their sidecars.

Usage: node operator/admission/main.ts --namespace NAME --replica NAME [options]

  --namespace NAME        where the Secret and the Lease are (default POD_NAMESPACE)
  --replica NAME          name of this pod (default POD_NAME, then HOSTNAME)
  --listen HOST:PORT      HTTPS for the API server (default 0.0.0.0:9443)
  --health-port N         /healthz, /readyz, /metrics (default 8081)
  --service NAME          Service in front of it; the certificate is good for its names (default sidegraph-admission)
  --host NAME             one more name or address of the certificate; may be repeated
  --cluster-domain NAME   (default cluster.local)
  --secret NAME           keeps the certificate (default sidegraph-admission-certificate)
  --certificate-dir DIR   serves tls.crt and tls.key of this folder, which another program keeps (cert-manager), and makes none
  --lease NAME            who rotates it (default sidegraph-admission)
  --configuration NAME    of the mutating and of the validating webhook (default sidegraph)
  --config DIR            the chart's settings, for what sidecars are made of
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (default info)
  --help                  this text

Example: node operator/admission/main.ts --namespace=sidegraph-system --replica=local --listen=127.0.0.1:9443
`;

const FLAGS = {
  listen: flag.parsed(parseListen, undefined),
  'health-port': flag.whole(0, flag.MAX_PORT, 8081),
  namespace: flag.required('POD_NAMESPACE'),
  replica: flag.required('POD_NAME', 'HOSTNAME'),
  service: flag.text('sidegraph-admission'),
  secret: flag.text('sidegraph-admission-certificate'),
  'certificate-dir': flag.text(''),
  lease: flag.text('sidegraph-admission'),
  configuration: flag.text('sidegraph'),
  host: flag.texts(),
  config: flag.text(''),
  'cluster-domain': flag.text('cluster.local'),
  'log-level': flag.oneOf(LOG_LEVELS, 'info'),
};

const DEFAULT_LISTEN = { host: '0.0.0.0', port: 9443 };

export function parseAdmissionOptions(
  argv: readonly string[],
  env: flag.Environment,
): flag.CommandLine<AdmissionOptions> {
  const build = (values: flag.Values<typeof FLAGS>) => {
    const service = `${values.service}.${values.namespace}.svc`;
    return {
      ...(values.listen ?? DEFAULT_LISTEN),
      healthPort: values['health-port'],
      namespace: values.namespace,
      replica: values.replica,
      secretName: values.secret,
      ...(values['certificate-dir'] === '' ? {} : { certificateDir: values['certificate-dir'] }),
      leaseName: values.lease,
      configurationName: values.configuration,
      hosts: [service, `${service}.${values['cluster-domain']}`, ...values.host],
      ...(values.config === '' ? {} : { configDir: values.config }),
      logLevel: values['log-level'],
    };
  };
  return flag.readFlags(argv, FLAGS, build, env);
}

/** `HOST:PORT`; the last one given counts, and undefined stands for none. */
function parseListen(
  given: readonly string[],
): flag.Parsed<{ readonly host: string; readonly port: number } | undefined> {
  const text = given.at(-1);
  if (text === undefined) return { kind: 'value', value: undefined };
  const match = /^(.*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > flag.MAX_PORT)
    return { kind: 'wrong', message: `--listen ${text} is not HOST:PORT` };
  return { kind: 'value', value: { host: match[1] ?? '', port } };
}
