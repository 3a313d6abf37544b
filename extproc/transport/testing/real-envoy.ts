// A real Envoy in front of a filter server, for tests: one listener, a REST and a gRPC route with ext_proc, and routes to
// the stub units that tail calls are matched to again.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../e2e/harness/ports.ts';

export interface RealEnvoy {
  readonly port: number;
  /** The text that Envoy's access log holds so far. */
  readonly log: () => string;
  stop(): Promise<void>;
}

export interface RealEnvoyOptions {
  readonly dir: string;
  readonly filterSocket: string;
  readonly restUnitPort: number;
  readonly grpcUnitPort: number;
}

/** `ENVOY_BIN`, the checkout's own one, or the one on the PATH. */
export function findEnvoy(): string | undefined {
  const own = join(import.meta.dirname, '../../../.venv/bin/envoy');
  const candidates = [process.env['ENVOY_BIN'] ?? '', own];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    candidates.push(join(folder, 'envoy'));
  }
  return candidates.find((path) => path !== '' && existsSync(path));
}

export async function startRealEnvoy(bin: string, options: RealEnvoyOptions): Promise<RealEnvoy> {
  const port = await freePort();
  const config = join(options.dir, 'envoy.json');
  writeFileSync(config, JSON.stringify(bootstrap(port, options), null, 1));
  const arguments_ = ['-c', config, '--disable-hot-restart', '--concurrency', '1', '-l', 'warning'];
  arguments_.push('--file-flush-interval-msec', '20');
  const child = spawn(bin, arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  child.stderr.on('data', (chunk) => (text += String(chunk)));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let attempt = 0; !(await accepts(port)); attempt++) {
    if (child.exitCode !== null || attempt > 200) throw new Error(`Envoy does not start:\n${text}`);
    await sleep(50);
  }
  return {
    port,
    log: () => text,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

export function tempDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sidegraph-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const EXT_PROC = 'envoy.filters.http.ext_proc';
const BUFFER = 'envoy.filters.http.buffer';
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

function bootstrap(port: number, options: RealEnvoyOptions): object {
  const { filterSocket, restUnitPort, grpcUnitPort } = options;
  return {
    static_resources: {
      listeners: [{ name: 'in', address: tcp('127.0.0.1', port), filter_chains: [chain()] }],
      clusters: [
        cluster('filter', { pipe: { path: filterSocket } }, true),
        cluster('rest-unit', tcp('127.0.0.1', restUnitPort), false),
        cluster('grpc-unit', tcp('127.0.0.1', grpcUnitPort), true),
      ],
    },
  };
}

function chain(): object {
  const unit = (transport: string) => ({
    match: {
      prefix: '/',
      headers: [{ name: 'x-sidegraph-unit', string_match: { exact: `m/predict/${transport}` } }],
    },
    route: { cluster: `${transport}-unit`, timeout: '0s' },
    ...(transport === 'rest'
      ? {
          request_headers_to_add: [
            {
              header: { key: 'content-length', value: '%REQ(x-sidegraph-length)%' },
              append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
            },
          ],
        }
      : {}),
    response_headers_to_add: [
      {
        header: { key: 'seldon-routing', value: '%DYNAMIC_METADATA(sidegraph:routing)%' },
        keep_empty_value: false,
      },
    ],
  });
  const entry = (name: string, match: object, whole = true) => ({
    name,
    match,
    // Not a direct response: on such a route `request_body_buffer_limit` has no effect.
    route: { cluster: 'rest-unit' },
    ...(whole
      ? {
          typed_per_filter_config: {
            [BUFFER]: {
              '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig',
              config: {},
            },
          },
        }
      : {}),
  });
  return {
    filters: [
      {
        name: 'hcm',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          stat_prefix: 'in',
          access_log: [
            {
              name: 'log',
              typed_config: {
                '@type':
                  'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
                log_format: {
                  text_format_source: {
                    inline_string:
                      'LOG %REQ(x-case)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %DYNAMIC_METADATA(sidegraph:routing)%\n',
                  },
                },
              },
            },
          ],
          route_config: {
            name: 'routes',
            virtual_hosts: [
              {
                name: 'all',
                domains: ['*'],
                request_body_buffer_limit: 33554432,
                routes: [
                  unit('rest'),
                  unit('grpc'),
                  entry('grpc', { prefix: '/', grpc: {} }, false),
                  entry('lost', { prefix: '/lost' }),
                  entry('rest', { prefix: '/' }),
                ],
              },
            ],
          },
          http_filters: [
            {
              name: BUFFER,
              disabled: true,
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
                max_request_bytes: 33554432,
              },
            },
            {
              name: EXT_PROC,
              typed_config: {
                '@type':
                  'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
                grpc_service: { envoy_grpc: { cluster_name: 'filter' } },
                message_timeout: '10s',
                processing_mode: DUPLEX,
                request_attributes: ['xds.route_name'],
                metadata_options: { receiving_namespaces: { untyped: ['sidegraph'] } },
              },
            },
            {
              name: 'envoy.filters.http.router',
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
              },
            },
          ],
        },
      },
    ],
  };
}

const DUPLEX = {
  request_header_mode: 'SEND',
  request_body_mode: 'FULL_DUPLEX_STREAMED',
  request_trailer_mode: 'SEND',
  response_header_mode: 'SKIP',
};

function cluster(name: string, address: object, http2: boolean): object {
  const explicit = http2 ? { http2_protocol_options: {} } : { http_protocol_options: {} };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: {
        '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
        explicit_http_config: explicit,
      },
    },
  };
}

function tcp(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
