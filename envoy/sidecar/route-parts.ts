// The pieces that every ingress route is made of: what it matches, what it is called, what it counts as, what it does
// with headers.
import {
  ERROR_HEADER,
  INTERNAL_HEADER_PREFIX,
  METADATA_NAMESPACE,
  POD_HEADER,
  PUID_HEADER,
  ROUTE_LABELS,
  ROUTING_HEADER,
  isGrpcKind,
} from '../../graph/plan/names.ts';
import type { Plan, RouteKind, Transport } from '../../graph/plan/plan.ts';
import { edgeOf } from '../../graph/plan/queries.ts';
import { type EnvoyJson, overwriteHeader, typed } from '../kit/json.ts';
import {
  BODY_LIMIT_FILTERS,
  CLOUD_EVENTS_FILTER,
  CLOUD_EVENTS_HEADER,
  HEADERS_FILTER,
  serviceOf,
} from '../kit/names.ts';
import { hostPort } from '../../lib/runtime/hosts.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'OPTIONS';

export function methodIs(method: HttpMethod): EnvoyJson {
  return { name: ':method', string_match: { exact: method } };
}

/** What statistics say of the request; `method` as Seldon labels it. */
export function routeMetadata(
  plan: Plan,
  service: string,
  method: 'post' | 'get' | 'unary',
): EnvoyJson {
  const labels: Readonly<Record<(typeof ROUTE_LABELS)[number], string>> = {
    deployment_name: plan.deployment,
    predictor_name: plan.predictor,
    predictor_version: plan.predictorVersion,
    service,
    method,
  };
  const packed = JSON.stringify(ROUTE_LABELS.map((name) => labels[name]));
  return { filter_metadata: { [METADATA_NAMESPACE]: { labels: packed } } };
}

/** The same for what is asked of the graph. */
export function kindMetadata(plan: Plan, kind: RouteKind): EnvoyJson {
  return routeMetadata(plan, serviceOf(plan.dialect, kind), isGrpcKind(kind) ? 'unary' : 'post');
}

/** Units are asked under their own address, as by Seldon's executor, not under the client's host. */
export function unitHost(plan: Plan, unit: number, transport: Transport): string {
  return hostPort(edgeOf(plan, unit, transport));
}

/** Header mutations of one route, on top of the table's. */
export function allowMethods(methods: string): EnvoyJson {
  return {
    [HEADERS_FILTER]: typed(
      'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute',
      {
        mutations: {
          response_mutations: [
            { append: overwriteHeader('access-control-allow-methods', methods) },
          ],
        },
      },
    ),
  };
}

/** Runs a filter that is off by default. */
export function switchedOn(filter: string): EnvoyJson {
  return { [filter]: typed('envoy.config.route.v3.FilterConfig', { config: {} }) };
}

/** Spares a request a filter that is on by default, if it is there. */
export function switchedOff(filter: string): EnvoyJson {
  return { [filter]: typed('envoy.config.route.v3.FilterConfig', { disabled: true }) };
}

export function bodyLimit(transport: Transport): EnvoyJson {
  return switchedOn(BODY_LIMIT_FILTERS[transport]);
}

/** Matches requests that do not ask for CloudEvents headers. */
export function isNoCloudEvent(): EnvoyJson {
  return { name: CLOUD_EVENTS_HEADER, present_match: true, invert_match: true };
}

/** What neither a unit sees (the routing of another request; gRPC needs its `te`), nor a client of what a unit says. */
export function unitHeaders(transport: Transport): EnvoyJson {
  return {
    request_headers_to_remove: [ROUTING_HEADER, ...(transport === 'rest' ? ['te'] : [])],
    response_headers_to_remove: [ERROR_HEADER],
  };
}

/** Spares a request the filter, which takes 4,700 of Envoy's instructions to see that it has nothing to do. */
export function withoutCloudEvents(): EnvoyJson {
  return switchedOff(CLOUD_EVENTS_FILTER);
}

/** What a page of another origin may read of a response. */
const EXPOSED_HEADERS = [PUID_HEADER, ROUTING_HEADER, POD_HEADER, ERROR_HEADER].join(', ');

/** Mutations of every request and response of a predictor; they overwrite, whoever answered. */
export function tableHeaders(plan: Plan): EnvoyJson {
  const { allowOrigin, allowHeaders } = plan.policy.cors;
  return {
    [HEADERS_FILTER]: typed(
      'envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute',
      {
        mutations: {
          response_mutations: [
            { append: overwriteHeader('access-control-allow-origin', allowOrigin) },
            { append: overwriteHeader('access-control-allow-headers', allowHeaders) },
            { append: overwriteHeader('access-control-expose-headers', EXPOSED_HEADERS) },
            { append: overwriteHeader('x-content-type-options', 'nosniff') },
            { append: overwriteHeader(PUID_HEADER, `%REQ(${PUID_HEADER})%`) },
            { remove_on_match: { key_matcher: { prefix: INTERNAL_HEADER_PREFIX } } },
          ],
        },
      },
    ),
  };
}
