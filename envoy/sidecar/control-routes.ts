// Routes of everything that is no prediction and no feedback: what the filter's process answers as an ordinary upstream (status,
// metadata, docs, reflection, health), what its supervisor answers (readiness, metrics), and what Envoy answers itself.
import type { ControlRoot } from '../../dialects/dialect.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { dialectOf, errorBody, noSuchMethod, noSuchPath } from '../../dialects/known/dialects.ts';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import { type EnvoyJson, overwriteHeader } from '../kit/json.ts';
import {
  CONTROL_GRPC_CLUSTER,
  CONTROL_HTTP_CLUSTER,
  LIVENESS_PATH,
  PROBE_CLUSTER,
  PROBE_PATHS,
} from '../kit/names.ts';
import { walkedPaths, withPrefix } from './client-paths.ts';
import { allowMethods, methodIs, routeMetadata } from './route-parts.ts';
import { CONTROL_TIMEOUT_SECONDS } from '../kit/limits.ts';

const GRPC_BESIDE: readonly string[] = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/List',
  '/grpc.health.v1.Health/Watch',
];

interface Root extends ControlRoot {
  readonly isProbe: boolean;
}

function rootsOf(plan: Plan): Root[] {
  return [
    ...dialectOf(plan.dialect).control.roots.map((root) => ({ ...root, isProbe: false })),
    ...PROBE_PATHS.map((path) => ({ path, below: false, service: '', isProbe: true })),
  ];
}

/** GET, HEAD and OPTIONS on the paths that only take POST, as Seldon's executor answers them. */
export function otherMethods(plan: Plan): EnvoyJson[] {
  const paths = (['predict-rest', 'feedback-rest'] as const).flatMap((kind) =>
    walkedPaths(plan, kind),
  );
  return paths.flatMap(({ match }) => [
    {
      match: { ...match, headers: [methodIs('OPTIONS')] },
      direct_response: { status: 200 },
      typed_per_filter_config: allowMethods('OPTIONS,POST'),
    },
    { match, direct_response: { status: 405 } },
  ]);
}

export function controlRoutes(plan: Plan): EnvoyJson[] {
  const dialect = dialectOf(plan.dialect);
  return [
    ...rootsOf(plan).flatMap(({ path, below, service, isProbe }) =>
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
            ...(isProbe ? {} : { headers: [isRead()] }),
          },
          ...(service === '' ? {} : { metadata: routeMetadata(plan, service, 'get') }),
          route: {
            cluster: isProbe ? PROBE_CLUSTER : CONTROL_HTTP_CLUSTER,
            prefix_rewrite: path,
            timeout: `${CONTROL_TIMEOUT_SECONDS}s`,
          },
          ...tellPlan(plan),
          ...(service === '' ? {} : { typed_per_filter_config: allowMethods('GET,OPTIONS') }),
        },
        ...(isProbe ? [] : [{ match: pathMatch(full, below), direct_response: { status: 405 } }]),
      ]),
    ),
    ...withPrefix(plan, LIVENESS_PATH).map((path) => ({
      match: { path },
      direct_response: { status: 200 },
    })),
    ...[...dialect.control.grpc.methods.map(({ path }) => path), ...GRPC_BESIDE].flatMap((path) =>
      withPrefix(plan, path).map((full) => ({
        match: { path: full, headers: [methodIs('POST')] },
        route: { cluster: CONTROL_GRPC_CLUSTER, prefix_rewrite: path, timeout: '0s' },
        ...tellPlan(plan),
      })),
    ),
    {
      match: {
        prefix: '/',
        headers: [{ name: 'content-type', string_match: { prefix: 'application/grpc' } }],
      },
      // Envoy tells gRPC clients 12 (unimplemented) for a 404.
      direct_response: { status: 404, body: { inline_string: noSuchMethod(dialect) } },
    },
    {
      match: { prefix: '/' },
      direct_response: {
        status: 404,
        body: { inline_string: errorBody(dialect, 404, noSuchPath(dialect)) },
      },
      response_headers_to_add: [overwriteHeader('content-type', 'application/json')],
    },
  ];
}

/** The control server serves every plan on one socket: it is told which one. */
function tellPlan(plan: Plan): EnvoyJson {
  return { request_headers_to_add: [overwriteHeader(PLAN_HEADER, plan.hash)] };
}

function isRead(): EnvoyJson {
  return { name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD' } } };
}

function pathMatch(path: string, below: boolean): EnvoyJson {
  return below ? { path_separated_prefix: path } : { path };
}
