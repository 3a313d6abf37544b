// The yardstick: an Envoy that only forwards, REST and gRPC, without a log, metrics of requests or a filter.
import { type EnvoyJson, typed } from '../envoy/kit/json.ts';
import type { StubPorts } from './graphs.ts';

export interface BarePlace {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly stubs: StubPorts;
}

export function bareEnvoyBootstrap(place: BarePlace): EnvoyJson {
  return {
    static_resources: {
      listeners: [
        listener('http', place.httpPort, 'rest'),
        listener('grpc', place.grpcPort, 'grpc'),
      ],
      clusters: [
        cluster('rest', place.stubs.rest, {}),
        cluster('grpc', place.stubs.grpc, { http2_protocol_options: {} }),
      ],
    },
    deferred_stat_options: { enable_deferred_creation_stats: true },
  };
}

function listener(name: string, port: number, clusterName: string): EnvoyJson {
  const manager = typed(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: name,
      codec_type: 'AUTO',
      route_config: {
        name,
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              {
                name: 'bare',
                match: { prefix: '/' },
                route: { cluster: clusterName, timeout: '0s' },
              },
            ],
          },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {
            suppress_envoy_headers: true,
          }),
        },
      ],
    },
  );
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }],
      },
    ],
  };
}

function cluster(name: string, port: number, protocol: EnvoyJson): EnvoyJson {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [{ max_connections: 10_000, max_requests: 10_000, max_pending_requests: 10_000 }],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
            },
          ],
        },
      ],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          explicit_http_config:
            'http2_protocol_options' in protocol ? protocol : { http_protocol_options: {} },
        },
      ),
    },
  };
}
