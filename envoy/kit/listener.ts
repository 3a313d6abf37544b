// Pieces that every listener of ours is made of: the listener, its HTTP connection manager, the router at the end of its filters.
import { type EnvoyJson, typed } from './json.ts';
import { INNER_BUFFER_BYTES } from './limits.ts';

export interface ListenerParts {
  readonly name: string;
  /** `address`, `additional_addresses`, `internal_listener`. */
  readonly place: EnvoyJson;
  /** Of each direction of a connection. */
  readonly bufferBytes: number;
  readonly manager: EnvoyJson;
  /** TLS; plain without. */
  readonly transportSocket?: EnvoyJson | undefined;
}

export function listener(parts: ListenerParts): EnvoyJson {
  const { transportSocket } = parts;
  return {
    name: parts.name,
    ...parts.place,
    per_connection_buffer_limit_bytes: parts.bufferBytes,
    filter_chains: [
      {
        filters: [parts.manager],
        ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }),
      },
    ],
  };
}

/** Of a bootstrap: there may be internal listeners. */
export function withInternalListeners(): EnvoyJson {
  return {
    bootstrap_extensions: [
      {
        name: 'envoy.bootstrap.internal_listener',
        typed_config: typed('envoy.extensions.bootstrap.internal_listener.v3.InternalListener', {
          buffer_size_kb: INNER_BUFFER_BYTES / 1024,
        }),
      },
    ],
  };
}

export function tcpAddress(host: string, port: number): EnvoyJson {
  return { address: { socket_address: { address: host, port_value: port } } };
}

export interface ManagerParts {
  /** What its peers may ask for (http-limits.ts). */
  readonly options: EnvoyJson;
  readonly statPrefix: string;
  readonly routeTable: string;
  readonly routeSource: EnvoyJson;
  readonly accessLogs: readonly EnvoyJson[];
  readonly localReplies: EnvoyJson;
  /** In the order in which they run; the last one is the router. */
  readonly filters: readonly EnvoyJson[];
  readonly early?: readonly EnvoyJson[];
  /** Fields that only this one has. */
  readonly more?: EnvoyJson;
}

export function connectionManager(parts: ManagerParts): EnvoyJson {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: typed(
      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      {
        stat_prefix: parts.statPrefix,
        codec_type: 'AUTO',
        rds: { route_config_name: parts.routeTable, config_source: parts.routeSource },
        http_filters: parts.filters,
        ...(parts.early === undefined ? {} : { early_header_mutation_extensions: parts.early }),
        local_reply_config: parts.localReplies,
        access_log: parts.accessLogs,
        // A route's `max_stream_duration` bounds requests; an idle bound would be a second truth.
        stream_idle_timeout: '0s',
        ...parts.options,
        ...parts.more,
        preserve_external_request_id: true,
      },
    ),
  };
}

export function router(upstreamLogs: readonly EnvoyJson[] = []): EnvoyJson {
  return {
    name: 'envoy.filters.http.router',
    typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {
      suppress_envoy_headers: true,
      ...(upstreamLogs.length === 0 ? {} : { upstream_log: upstreamLogs }),
    }),
  };
}
