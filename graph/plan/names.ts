// The names that cross a wire between Envoy and the filter: headers, route names, tail keys, hosts of the egress
// listener, metadata keys, statistics. Both sides import them from here and invent none.
import type { CallVerb, Plan, RouteKind, Transport } from './plan.ts';

/** Names the call that Envoy makes last; the ingress routes match on it. */
export const UNIT_HEADER = 'x-sidegraph-unit';
/** Length of the body of the call that Envoy makes last: a `content-length` that the filter sets would be dropped. */
export const LENGTH_HEADER = 'x-sidegraph-length';
/** Every header with this prefix is ours: removed from what clients send, never passed to a unit. */
export const INTERNAL_HEADER_PREFIX = 'x-sidegraph-';
/** W3C's trace context. Of a request that is traced, the filter gets that of Envoy's own span. */
export const TRACE_HEADER = 'traceparent';
/** The headers by which a request says its trace, in all formats. */
export const TRACE_HEADERS: readonly string[] = [
  TRACE_HEADER,
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
];
export const PUID_HEADER = 'seldon-puid';
/** Routing decisions of a request as compact JSON, `{"router":1}`; in responses, and understood in feedback. */
export const ROUTING_HEADER = 'seldon-routing';
/** Names the pod that served a request at the gateway, which brings feedback that has it back there: predictor and pod. */
export const POD_HEADER = 'sidegraph-pod';
/** The stable code of an error that Sidegraph, not a unit, answered with. */
export const ERROR_HEADER = 'sidegraph-error';
/** Longest value of `seldon-routing`, bytes; a longer one is left out. */
export const MAX_ROUTING_HEADER_BYTES = 4096;

/** Namespace of the route and dynamic metadata that the filter and Envoy share. */
export const METADATA_NAMESPACE = 'sidegraph';
/** Key in the dynamic metadata: the value of `seldon-routing`. */
export const METADATA_ROUTING = 'routing';

/** %RESPONSE_CODE_DETAILS% of every response that the filter gives itself. */
export const RESPONSE_DETAILS = 'sidegraph';

export const ROUTE_KINDS: readonly RouteKind[] = [
  'predict-rest',
  'predict-grpc',
  'feedback-rest',
  'feedback-grpc',
];

/** Name of the ingress route of a kind of request: tells the filter the plan and what is asked. */
export function routeName(planHash: string, kind: RouteKind): string {
  return `${planHash}/${kind}`;
}

/** Value of `UNIT_HEADER` for a call in tail position. */
export function tailKey(unit: string, verb: CallVerb, transport: Transport): string {
  return `${unit}/${verb}/${transport}`;
}

/** The verb of such a value. */
export function verbOfTail(key: string): string {
  return key.split('/')[1] ?? '';
}

/** The same for a call whose response may stream. */
export function streamKey(key: string): string {
  return `${key}/stream`;
}

/** Host of a unit on the egress listener: lower case, the name of the unit, the transport as its domain. */
export function egressHost(predictor: string, unit: string, transport: Transport): string {
  return `${unit}.${predictor}.${transport}.sidegraph`.toLowerCase();
}

export function isGrpcKind(kind: RouteKind): boolean {
  return kind === 'predict-grpc' || kind === 'feedback-grpc';
}

export function transportOf(kind: RouteKind): Transport {
  return isGrpcKind(kind) ? 'grpc' : 'rest';
}

/** Hash of the plan that a request off the path (status, metadata, readiness) is for; set by Envoy. */
export const PLAN_HEADER = 'x-sidegraph-plan';

/** Envoy's histograms of requests and of calls are `sidegraph.<name>`, in microseconds. */
export const STATS_PREFIX = 'sidegraph';
export const SERVER_HISTOGRAM = 'server_requests_us';
export const CLIENT_HISTOGRAM = 'client_requests_us';
/**
 * Their labels come packed, each a JSON list of several of Seldon's: whatever Envoy reads from metadata costs a request 4,200
 * instructions, one value as much as another.
 */
export const ROUTE_TAG = 'route';
export const ROUTE_LABELS = [
  'deployment_name',
  'predictor_name',
  'predictor_version',
  'service',
  'method',
] as const;
export const UNIT_TAG = 'unit';
export const UNIT_LABELS = ['model_name', 'model_image', 'model_version'] as const;
/** Upper bounds of the buckets of Seldon's histograms, in seconds; a last bucket without a bound follows. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Prefix under which the gateway serves a deployment; its paths serve without it too. */
export function gatewayPrefix({
  namespace,
  deployment,
}: Pick<Plan, 'namespace' | 'deployment'>): string {
  return `/seldon/${namespace}/${deployment}`;
}
