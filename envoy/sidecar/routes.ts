// A predictor's route table, in the order in which Envoy tries it: tail calls of walks, predictions and feedback, then
// everything off the path. All of it serves at the root and below the gateway's prefix.
import { LENGTH_HEADER, ROUTE_KINDS, UNIT_HEADER } from '../../graph/plan/names.ts';
import type { Plan, RouteKind } from '../../graph/plan/plan.ts';
import { graphRoutes, tailRoutes } from './graph-routes.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { predictorRoutes, tracedListener } from '../kit/names.ts';
import { nativeRoutes } from './native-routes.ts';
import { controlRoutes, otherMethods } from './control-routes.ts';
import { nativePaths, walkedPaths } from './client-paths.ts';
import { tableHeaders } from './route-parts.ts';
import { tracedRoutes } from './traced.ts';

/**
 * Headers that no unit sees, beside those that its route names. Removed by the virtual host, which comes after the
 * route, since a tail route makes `content-length` of one; `most_specific_header_mutations_wins` would turn that round.
 */
const HIDDEN_FROM_UNITS: readonly string[] = [
  UNIT_HEADER,
  LENGTH_HEADER,
  // Hop by hop, beside those that Envoy's codecs take out.
  'proxy-authorization',
  'keep-alive',
  'trailer',
];
/** The same of a unit's response. What Envoy itself answers is not touched. */
const HIDDEN_FROM_CLIENTS: readonly string[] = ['proxy-authenticate', 'keep-alive', 'trailer'];

/** `before` go before all routes that clients can name. */
export function predictorRouteTable(plan: Plan, before: readonly EnvoyJson[] = []): EnvoyJson {
  return routeTable(plan, predictorRoutes(plan.predictor), [...tracedRoutes(plan), ...before]);
}

/** The same for requests that are traced. */
export function tracedRouteTable(plan: Plan, before: readonly EnvoyJson[] = []): EnvoyJson {
  return routeTable(plan, tracedListener(plan.predictor), before);
}

function routeTable(plan: Plan, name: string, before: readonly EnvoyJson[]): EnvoyJson {
  return {
    name,
    typed_per_filter_config: tableHeaders(plan),
    virtual_hosts: [
      {
        name: plan.predictor,
        domains: ['*'],
        request_headers_to_remove: [...HIDDEN_FROM_UNITS],
        response_headers_to_remove: [...HIDDEN_FROM_CLIENTS],
        request_body_buffer_limit: plan.policy.maxBodyBytes,
        routes: [
          ...tailRoutes(plan),
          ...before,
          ...ROUTE_KINDS.flatMap((kind) => servedRoutes(plan, kind)),
          ...otherMethods(plan),
          ...controlRoutes(plan),
        ],
      },
    ],
  };
}

function servedRoutes(plan: Plan, kind: RouteKind): EnvoyJson[] {
  const decision = plan.routes[kind];
  switch (decision.kind) {
    case 'native':
      return nativePaths(plan, kind).flatMap((path) =>
        nativeRoutes(plan, kind, decision.targets, path),
      );
    case 'absent':
      return [];
    case 'graph':
      return walkedPaths(plan, kind).flatMap((path) => graphRoutes(plan, kind, path));
  }
}
