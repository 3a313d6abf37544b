// TLS of listeners and clusters. Certificates are files of a mounted Secret, named in a file of Envoy's secret discovery: only those
// from there are watched, so that a renewed certificate is taken over at once.
import { type EnvoyJson, typed } from './json.ts';

const CONTEXTS = 'envoy.extensions.transport_sockets.tls.v3';

/** Names of a `kubernetes.io/tls` Secret's keys. */
export const TLS_CERTIFICATE = 'tls.crt';
export const TLS_KEY = 'tls.key';

export interface TlsFiles {
  /** The folder of the Secret. */
  readonly dir: string;
  readonly certificate: string;
  readonly key: string;
}

/** A file of Envoy's secret discovery with one certificate. */
export function tlsSecrets(name: string, { dir, certificate, key }: TlsFiles): EnvoyJson {
  return {
    resources: [
      typed(`${CONTEXTS}.Secret`, {
        name,
        tls_certificate: {
          certificate_chain: { filename: `${dir}/${certificate}` },
          private_key: { filename: `${dir}/${key}` },
          watched_directory: { path: dir },
        },
      }),
    ],
  };
}

/** Of a listener; `secretsPath` is where `tlsSecrets` is written. */
export function downstreamTls(name: string, secretsPath: string): EnvoyJson {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed(`${CONTEXTS}.DownstreamTlsContext`, {
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificate_sds_secret_configs: [
          {
            name,
            sds_config: {
              path_config_source: { path: secretsPath },
              resource_api_version: 'V3',
            },
          },
        ],
      },
    }),
  };
}

/** Of a cluster: encrypted, and whoever answers is believed, since nobody says who signed the certificate. */
export function upstreamTls(sni: string, protocol: 'h2' | 'http/1.1'): EnvoyJson {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed(`${CONTEXTS}.UpstreamTlsContext`, {
      common_tls_context: { alpn_protocols: [protocol] },
      sni,
    }),
  };
}
