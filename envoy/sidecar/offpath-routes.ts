// Routes of everything that is no prediction and no feedback: what the filter's process answers as an ordinary upstream (status,
// metadata, docs, reflection, health), what its supervisor answers (readiness, metrics), and what Envoy answers itself.
import type { Plan } from '../../graph/plan/plan.ts';
import { failureText } from '../kit/failure-text.ts';
import { FEEDBACK_PATHS, PREDICT_PATHS } from '../../dialects/seldon/paths.ts';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import { type JsonObject, overwriteHeader } from '../kit/json.ts';
import { OFFPATH_GRPC_CLUSTER, OFFPATH_HTTP_CLUSTER, PROBE_CLUSTER } from '../kit/names.ts';
import { allowMethods, methodIs, routeMetadata, withPrefix } from './route-parts.ts';
import { OFFPATH_TIMEOUT_SECONDS } from '../kit/limits.ts';

/** `service` in Seldon's metrics; '' where Seldon counts nothing. */
const OFFPATH_HTTP: readonly { path: string; below: boolean; service: string }[] = [
  { path: '/api/v0.1/status', below: true, service: 'status' },
  { path: '/api/v1.0/status', below: true, service: 'status' },
  { path: '/api/v0.1/metadata', below: true, service: 'metadata' },
  { path: '/api/v1.0/metadata', below: true, service: 'metadata' },
  { path: '/api/v0.1/doc', below: true, service: '' },
  { path: '/api/v1.0/doc', below: true, service: '' },
  { path: '/api/v1.0/health/status', below: false, service: '' },
  { path: '/ready', below: false, service: '' },
  { path: '/metrics', below: false, service: '' },
  { path: '/prometheus', below: false, service: '' },
];

/** Asked of every pod all the time: no worker of the filter is needed for them. */
const PROBES: ReadonlySet<string> = new Set(['/ready', '/metrics', '/prometheus']);

const OFFPATH_GRPC: readonly string[] = [
  '/seldon.protos.Seldon/ModelMetadata',
  '/seldon.protos.Seldon/GraphMetadata',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/List',
  '/grpc.health.v1.Health/Watch',
];

/** GET, HEAD and OPTIONS on the paths that only take POST, as Seldon's executor answers them. */
export function otherMethods(plan: Plan): JsonObject[] {
  const paths = [...PREDICT_PATHS, ...FEEDBACK_PATHS].flatMap((path) => withPrefix(plan, path));
  return paths.flatMap((path) => [
    {
      match: { path, headers: [methodIs('OPTIONS')] },
      direct_response: { status: 200 },
      typed_per_filter_config: allowMethods('OPTIONS,POST'),
    },
    { match: { path }, direct_response: { status: 405 } },
  ]);
}

export function offpathRoutes(plan: Plan): JsonObject[] {
  return [
    ...OFFPATH_HTTP.flatMap(({ path, below, service }) =>
      withPrefix(plan, path).flatMap((full) => [
        {
          match: { ...pathMatch(full, below), headers: [methodIs('OPTIONS')] },
          direct_response: { status: 200 },
          typed_per_filter_config: allowMethods('GET,OPTIONS'),
        },
        {
          match: {
            ...pathMatch(full, below),
            // Checks of load balancers and of uptime ask in any way.
            ...(PROBES.has(path) ? {} : { headers: [isRead()] }),
          },
          ...(service === '' ? {} : { metadata: routeMetadata(plan, service, 'get') }),
          route: {
            cluster: PROBES.has(path) ? PROBE_CLUSTER : OFFPATH_HTTP_CLUSTER,
            prefix_rewrite: path,
            timeout: `${OFFPATH_TIMEOUT_SECONDS}s`,
          },
          ...tellPlan(plan),
          ...(service === '' ? {} : { typed_per_filter_config: allowMethods('GET,OPTIONS') }),
        },
        ...(PROBES.has(path)
          ? []
          : [{ match: pathMatch(full, below), direct_response: { status: 405 } }]),
      ]),
    ),
    ...withPrefix(plan, '/live').map((path) => ({
      match: { path },
      direct_response: { status: 200 },
    })),
    ...OFFPATH_GRPC.flatMap((path) =>
      withPrefix(plan, path).map((full) => ({
        match: { path: full, headers: [methodIs('POST')] },
        route: { cluster: OFFPATH_GRPC_CLUSTER, prefix_rewrite: path, timeout: '0s' },
        ...tellPlan(plan),
      })),
    ),
    {
      match: {
        prefix: '/',
        headers: [{ name: 'content-type', string_match: { prefix: 'application/grpc' } }],
      },
      // Envoy tells gRPC clients 12 (unimplemented) for a 404.
      direct_response: { status: 404, body: { inline_string: 'unknown method' } },
    },
    {
      match: { prefix: '/' },
      direct_response: {
        status: 404,
        body: { inline_string: failureText(404, 'no such path') },
      },
      response_headers_to_add: [overwriteHeader('content-type', 'application/json')],
    },
  ];
}

/** The off-path server serves every plan on one socket: it is told which one. */
function tellPlan(plan: Plan): JsonObject {
  return { request_headers_to_add: [overwriteHeader(PLAN_HEADER, plan.hash)] };
}

function isRead(): JsonObject {
  return { name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD' } } };
}

function pathMatch(path: string, below: boolean): JsonObject {
  return below ? { path_separated_prefix: path } : { path };
}
