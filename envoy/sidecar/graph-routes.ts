// Routes of the requests that walk a graph: the first match, which sends the request to the filter, and the tail
// routes, which the request matches once the filter has named the unit of the last call.
import { dialectOf } from '../../dialects/known/dialects.ts';
import {
  METADATA_NAMESPACE,
  METADATA_ROUTING,
  LENGTH_HEADER,
  ROUTING_HEADER,
  UNIT_HEADER,
  isGrpcKind,
  routeName,
  streamKey,
  tailKey,
  transportOf,
} from '../../graph/plan/names.ts';
import type { CallVerb, Edge, Plan, RouteKind, Transport } from '../../graph/plan/plan.ts';
import { edgeOf, unitNameOf } from '../../graph/plan/queries.ts';
import type { ClientPath } from './client-paths.ts';
import { clusterOf, isNamed } from './clusters.ts';
import { type EnvoyJson, overwriteHeader } from '../kit/json.ts';
import { MAX_WHOLE_BODY_BYTES } from '../kit/limits.ts';
import {
  EXT_PROC_FILTER,
  UNROUTED_CLUSTER,
  WHOLE_BODY_FILTER,
  routeKindOf,
  serviceOf,
} from '../kit/names.ts';
import {
  allowMethods,
  bodyLimit,
  isNoCloudEvent,
  methodIs,
  kindMetadata,
  switchedOn,
  unitHeaders,
  unitHost,
  withoutCloudEvents,
} from './route-parts.ts';
import { callPolicy, streamPolicy } from '../kit/route-policy.ts';
import { streamBound } from '../kit/traffic.ts';
import { spanName } from './tracing.ts';

/**
 * Whether Envoy holds a request until it is whole, or the filter, which counts what it holds and lets go of the largest first.
 * gRPC always comes as a stream.
 */
type Arrival = 'whole' | 'streamed';

/**
 * The first match of a graph request: a body that says that it is small is held by Envoy. The few requests that ask for CloudEvents
 * headers take the other route, so that the filter for those is spared to all the rest.
 */
export function graphRoutes(plan: Plan, kind: RouteKind, path: ClientPath): EnvoyJson[] {
  return isGrpcKind(kind)
    ? [graphRoute(plan, kind, path, 'streamed')]
    : [graphRoute(plan, kind, path, 'whole'), graphRoute(plan, kind, path, 'streamed')];
}

/** Its cluster has no endpoint: a filter that names no unit gives a 503. */
function graphRoute(plan: Plan, kind: RouteKind, path: ClientPath, arrival: Arrival): EnvoyJson {
  return {
    name: routeName(plan.hash, kind),
    ...spanName(plan, serviceOf(plan.dialect, kind)),
    match: {
      ...path.match,
      headers: [methodIs('POST'), ...(arrival === 'whole' ? [isSmall(), isNoCloudEvent()] : [])],
    },
    metadata: kindMetadata(plan, kind),
    route: {
      cluster: UNROUTED_CLUSTER,
      max_stream_duration: streamBound(plan.policy.deadlineMs, transportOf(kind)),
    },
    typed_per_filter_config: {
      ...switchedOn(EXT_PROC_FILTER),
      // What follows in a stream of gRPC is bounded message by message.
      ...(path.streams && isGrpcKind(kind) ? {} : bodyLimit(transportOf(kind))),
      ...(isGrpcKind(kind)
        ? withoutCloudEvents()
        : {
            ...(arrival === 'whole'
              ? { ...switchedOn(WHOLE_BODY_FILTER), ...withoutCloudEvents() }
              : {}),
            ...allowMethods('OPTIONS,POST'),
          }),
    },
  };
}

function isSmall(): EnvoyJson {
  return { name: 'content-length', range_match: { start: 0, end: MAX_WHOLE_BODY_BYTES + 1 } };
}

/** One route for each call that a walk may leave to Envoy. */
export function tailRoutes(plan: Plan): EnvoyJson[] {
  const routes: EnvoyJson[] = [];
  for (const edge of plan.edges) {
    for (const verb of plan.units[edge.unit]?.verbs ?? []) {
      // A router's response is always read by the filter.
      if (verb === 'route') continue;
      if (plan.routes[routeKindOf(verb, edge.transport)].kind !== 'graph') continue;
      routes.push(tailRoute(plan, edge, verb, false));
      if (verb === 'predict' && mayStream(plan, edge.transport)) {
        routes.push(tailRoute(plan, edge, verb, true));
      }
    }
  }
  return routes.length === 0 ? [] : [...routes, unknownTail()];
}

/** A unit that this plan does not have: answered with PLAN_UNKNOWN, never taken for a client's path. */
function unknownTail(): EnvoyJson {
  return {
    match: { prefix: '/', headers: [{ name: UNIT_HEADER, present_match: true }] },
    route: { cluster: UNROUTED_CLUSTER },
  };
}

function mayStream(plan: Plan, transport: Transport): boolean {
  const { clientRoutes } = dialectOf(plan.dialect);
  return clientRoutes.some(({ kind, streams }) => streams && transportOf(kind) === transport);
}

function tailRoute(
  plan: Plan,
  { unit, transport }: Edge,
  verb: CallVerb,
  streams: boolean,
): EnvoyJson {
  const called = tailKey(unitNameOf(plan, unit), verb, transport);
  const key = streams ? streamKey(called) : called;
  const named = isNamed(edgeOf(plan, unit, transport));
  const kind = routeKindOf(verb, transport);
  return {
    name: `${plan.hash}/tail/${key}`,
    match: { prefix: '/', headers: [{ name: UNIT_HEADER, string_match: { exact: key } }] },
    metadata: kindMetadata(plan, kind),
    route: {
      cluster: clusterOf(plan, unit, transport),
      host_rewrite_literal: unitHost(plan, unit, transport),
      ...(streams
        ? streamPolicy(plan.policy, named)
        : callPolicy(plan.policy, transport, verb === 'send-feedback', named)),
    },
    ...unitHeaders(transport),
    ...(transport === 'grpc'
      ? {}
      : {
          request_headers_to_add: [overwriteHeader('content-length', `%REQ(${LENGTH_HEADER})%`)],
        }),
    response_headers_to_add: [
      overwriteHeader(
        ROUTING_HEADER,
        `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${METADATA_ROUTING})%`,
      ),
    ],
    ...(transport === 'grpc' ? {} : { typed_per_filter_config: allowMethods('OPTIONS,POST') }),
  };
}
