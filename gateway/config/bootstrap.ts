// Envoy's bootstrap at the gateway: the listener with its filters, the way to the agent's socket, and nothing of any
// deployment. Plain JSON that Envoy reads from a file.
import { type ClientBounds, clientOptions, innerOptions } from '../../envoy/kit/http-limits.ts';
import { innerCluster, loadAssignment } from '../../envoy/kit/cluster.ts';
import { fileLogs } from '../../envoy/kit/filters/access-log.ts';
import { downstreamTls, TLS_CERTIFICATE, TLS_KEY, tlsSecrets } from '../../envoy/kit/tls.ts';
import { type EnvoyJson, typed } from '../../envoy/kit/json.ts';
import type { AccessLog } from '../../envoy/kit/layout.ts';
import {
  connectionManager,
  listener,
  router,
  tcpAddress,
  withInternalListeners,
} from '../../envoy/kit/listener.ts';
import {
  GATEWAY_BUFFER_BYTES,
  INNER_BUFFER_BYTES,
  MAX_REQUESTS_PER_READ,
} from '../../envoy/kit/limits.ts';
import { isNotPassedOn, unmarked, unmarkedFilter } from '../../envoy/kit/passed-on.ts';
import {
  madeContext,
  renderTraceCluster,
  traceHeaders,
  tracingOptions,
} from '../../envoy/kit/tracing.ts';
import { readTraceHeaders } from '../../envoy/kit/filters/headers.ts';
import { type EnvoyBounds, overloadManager } from '../../envoy/kit/overload.ts';
import { MILLION } from '../../graph/seldon/tracing.ts';
import { ENVOY_PROGRAM_BOUND } from './check-regex.ts';
import { clusterStatsLeftOut } from './cluster-stats.ts';
import { homeFilter } from './home.ts';
import { gatewayReplies } from './replies.ts';
import { requestBuckets, requestLoggers, requestStatsSettings } from './request-stats.ts';
import { ROUTE_TABLE } from './route-table.ts';
import { gatewayTracing, passesTracedOn, TRACED_LISTENER, type TracingLayout } from './traced.ts';
import { SPAN_EXPORT_DELAY_MS } from '../../graph/plan/limits.ts';

export interface GatewayLayout extends TracingLayout {
  readonly host: string;
  /** HTTP/1.1 and h2c, REST and gRPC alike. */
  readonly httpPort: number;
  /** With a certificate; undefined without. */
  readonly tls:
    | {
        readonly port: number;
        /** Folder with `tls.crt` and `tls.key`, a mounted Secret: replaced files are taken over. */
        readonly dir: string;
        /** Where what `renderTlsSecrets` gives is written, as JSON, before Envoy starts. */
        readonly secretsPath: string;
      }
    | undefined;
  readonly adminSocket: string;
  /** The agent's discovery server. */
  readonly discoverySocket: string;
  readonly accessLogPath: string;
  /** Which requests have a line in it. */
  readonly accessLog: AccessLog;
  /** Deployments times statuses whose requests are counted, at most; 0 for none. */
  readonly maxRequestSeries: number;
  /** Name of this gateway in Envoy's own words. */
  readonly nodeId: string;
  readonly bounds: EnvoyBounds;
  readonly clients: ClientBounds;
}

const DISCOVERY_CLUSTER = 'sidegraph-agent';
const TLS_SECRET = 'gateway';
const CLIENT = '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%';
const SPAN_NAME = '%ROUTE_NAME%';

export function renderGatewayBootstrap(layout: GatewayLayout): EnvoyJson {
  const hasTraced = passesTracedOn(layout);
  return {
    node: { id: layout.nodeId, cluster: 'sidegraph-gateway' },
    admin: { address: { pipe: { path: layout.adminSocket, mode: 0o600 } } },
    static_resources: {
      clusters: [
        discoveryCluster(layout.discoverySocket),
        ...(layout.tracing === undefined ? [] : [renderTraceCluster(layout.tracing.url)]),
        ...(hasTraced ? [innerCluster(TRACED_LISTENER)] : []),
      ],
      listeners: [
        clientListener('http', layout.httpPort, layout),
        ...(layout.tls === undefined
          ? []
          : [
              clientListener(
                'https',
                layout.tls.port,
                layout,
                downstreamTls(TLS_SECRET, layout.tls.secretsPath),
              ),
            ]),
        ...(hasTraced ? [tracedListener(layout)] : []),
      ],
    },
    ...(hasTraced ? withInternalListeners() : {}),
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: DISCOVERY_CLUSTER } }],
        set_node_on_first_message_only: true,
      },
      cds_config: fromAgent(),
    },
    layered_runtime: {
      layers: [
        {
          name: 'sidegraph',
          static_layer: {
            're2.max_program_size.error_level': ENVOY_PROGRAM_BOUND,
            'http.max_requests_per_io_cycle': MAX_REQUESTS_PER_READ,
            'tracing.opentelemetry.flush_interval_ms': SPAN_EXPORT_DELAY_MS,
          },
        },
      ],
    },
    stats_config: {
      stats_matcher: { exclusion_list: { patterns: [clusterStatsLeftOut()] } },
      histogram_bucket_settings: requestBuckets(),
    },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    stats_flush_on_admin: true,
    ...requestStatsSettings(layout.maxRequestSeries),
    overload_manager: overloadManager(layout.bounds),
  };
}

function discoveryCluster(path: string): EnvoyJson {
  return {
    name: DISCOVERY_CLUSTER,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        { explicit_http_config: { http2_protocol_options: {} } },
      ),
    },
    load_assignment: loadAssignment(DISCOVERY_CLUSTER, [{ pipe: { path } }]),
  };
}

function clientListener(
  name: string,
  port: number,
  layout: GatewayLayout,
  transportSocket?: EnvoyJson,
): EnvoyJson {
  return listener({
    name,
    place: tcpAddress(layout.host, port),
    bufferBytes: GATEWAY_BUFFER_BYTES,
    manager: clientManager(name, layout),
    transportSocket,
  });
}

function tracedListener(layout: GatewayLayout): EnvoyJson {
  return listener({
    name: TRACED_LISTENER,
    place: { internal_listener: {} },
    bufferBytes: INNER_BUFFER_BYTES,
    manager: tracedManager(layout),
  });
}

function clientManager(name: string, layout: GatewayLayout): EnvoyJson {
  const passesOn = passesTracedOn(layout);
  const formats = traceHeaders(layout.tracing?.formats ?? []);
  return ownManager(name, layout, {
    options: clientOptions(layout.clients),
    only: passesOn ? [{ header_filter: { header: isNotPassedOn() } }] : [],
    inner: passesOn ? TRACED_LISTENER : undefined,
    filters: layout.httpFilters,
    early: passesOn ? [unmarked(), ...formats, ...madeContext()] : formats,
    more: {
      normalize_path: true,
      merge_slashes: false,
      path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
      use_remote_address: true,
      ...(layout.tracing === undefined || passesOn
        ? {}
        : tracingOptions(gatewayTracing(layout.tracing), SPAN_NAME)),
    },
  });
}

/** Of requests that a clients' manager has passed on: their paths are normal, and the last of `x-forwarded-for` is the client. */
function tracedManager(layout: GatewayLayout): EnvoyJson {
  if (layout.tracing === undefined) throw new Error('no traces are asked for');
  // Who is traced has been decided.
  const own = gatewayTracing(layout.tracing);
  // Envoy's own `peer.address` is of the hop.
  const tags = [...own.tags, { tag: 'client.address', value: CLIENT }];
  const tracing = { ...own, samplingMillionths: MILLION, tags };
  return ownManager(TRACED_LISTENER, layout, {
    options: innerOptions(layout.clients),
    only: [],
    filters: [unmarkedFilter()],
    early: [],
    more: tracingOptions(tracing, SPAN_NAME),
  });
}

interface OwnParts {
  readonly options: EnvoyJson;
  /** Which requests are logged and counted; all where empty. */
  readonly only: readonly EnvoyJson[];
  /** The cluster by which it passes requests on. */
  readonly inner?: string | undefined;
  /** Before ours. */
  readonly filters: readonly EnvoyJson[];
  /** Mutations of headers of traces. */
  readonly early: readonly EnvoyJson[];
  readonly more: EnvoyJson;
}

function ownManager(
  name: string,
  layout: GatewayLayout,
  { options, only, inner, filters, early, more }: OwnParts,
): EnvoyJson {
  return connectionManager({
    options,
    statPrefix: name,
    routeTable: ROUTE_TABLE,
    routeSource: fromAgent(),
    accessLogs: [...accessLogs(layout, only), ...requestLoggers(layout.maxRequestSeries, only)],
    localReplies: gatewayReplies(inner),
    filters: [...filters, homeFilter(), router()],
    early: readTraceHeaders(early),
    more,
  });
}

/** No listener opens before the agent has said what there is. */
function fromAgent(): EnvoyJson {
  return { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
}

/** A file of Envoy's secret discovery. */
export function renderTlsSecrets(dir: string): EnvoyJson {
  return tlsSecrets(TLS_SECRET, { dir, certificate: TLS_CERTIFICATE, key: TLS_KEY });
}

function accessLogs(
  { accessLogPath, accessLog }: GatewayLayout,
  only: readonly EnvoyJson[],
): EnvoyJson[] {
  const fields = {
    deployment: '%ROUTE_NAME%',
    cluster: '%UPSTREAM_CLUSTER_RAW%',
    path: '%PATH(NQ:ORIG_OR_PATH)%',
    host: '%REQ(:AUTHORITY)%',
    pod: '%UPSTREAM_HOST%',
    client: CLIENT,
  };
  return fileLogs(accessLog, accessLogPath, fields, only);
}
