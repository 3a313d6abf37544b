// Names inside Envoy's configuration: clusters, listeners, route tables, filters. What crosses to the filter has its
// home in `graph/plan/names.ts`; these stay in this folder (and in Envoy's statistics).
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { CallVerb, DialectName, RouteKind, Transport } from '../../graph/plan/plan.ts';

/** The ext_proc servers; the one cluster with a fixed place in Envoy's statistics. */
export const FILTER_CLUSTER = 'filter';
/** Readiness and metrics, which the supervisor serves. */
export const PROBE_CLUSTER = 'probes';
export const CONTROL_HTTP_CLUSTER = 'control-http';
export const CONTROL_GRPC_CLUSTER = 'control-grpc';
/** Has no endpoint: where graph routes point until the filter names the unit. */
export const UNROUTED_CLUSTER = 'unrouted';

/** Name of the ingress's certificate in its file of secret discovery. */
export const INGRESS_SECRET = 'ingress';
export const INGRESS_LISTENER = 'ingress';
export const EGRESS_LISTENER = 'egress';
/** The internal listener of side calls of requests that are traced, and the cluster that leads to it. */
export const TRACED_EGRESS_LISTENER = 'egress-traced';

/** Route table that shares the traffic between several predictors. */
export const FRONT_ROUTES = 'front';
export const EGRESS_ROUTES = 'egress';

/** A predictor's route table. */
export function predictorRoutes(predictor: string): string {
  return `predictor-${predictor}`;
}

/** A predictor's internal listener, and the cluster that leads to it. */
export function predictorListener(predictor: string): string {
  return `predictor-${predictor}`;
}

/** The internal listener of those of a predictor's requests that are traced, the cluster that leads to it, and its route table. */
export function tracedListener(predictor: string): string {
  return `traced-${predictor}`;
}

/** Names of HTTP filters, for the settings that a route has for them. */
export const HEADERS_FILTER = 'sidegraph.headers';
export const CLOUD_EVENTS_FILTER = 'sidegraph.cloud-events';
/** The header of a request that asks for CloudEvents headers. */
export const CLOUD_EVENTS_HEADER = 'ce-specversion';
export const PATH_FILTER = 'sidegraph.path';
export const BODY_LIMIT_FILTERS: Readonly<Record<Transport, string>> = {
  rest: 'sidegraph.body-limit.rest',
  grpc: 'sidegraph.body-limit.grpc',
};
export const MODEL_NAME_FILTER = 'sidegraph.model-name';
export const WHOLE_BODY_FILTER = 'sidegraph.whole-body';
export const EXT_PROC_FILTER = 'sidegraph.graph';

/** Asked of every pod all the time, and answered by the supervisor: no worker of the filter is needed for them. */
export const PROBE_PATHS: readonly string[] = ['/ready', '/metrics', '/prometheus'];
/** Asked as often, and answered by Envoy. */
export const LIVENESS_PATH = '/live';

/** Runtime key: the percentage of requests with a line in the live log, 0 while nobody looks. */
export const LIVE_LOG_KEY = 'sidegraph.live';

export const TAP_FILTER = 'sidegraph.tap';
/** Name of all taps at the admin endpoint. */
export const TAP_ID = 'sidegraph';

/** Filter state that keeps the path that the client asked for, without its query. */
export const PATH_STATE = 'sidegraph.path';

/** What the request counts as in Seldon's metrics (`service`). */
export function serviceOf(dialect: DialectName, kind: RouteKind): string {
  switch (kind) {
    case 'predict-rest':
      return 'predictions';
    case 'feedback-rest':
      return 'feedback';
    case 'predict-grpc':
    case 'feedback-grpc':
      return dialectOf(dialect).clientRoutes.find((route) => route.kind === kind)?.path ?? '';
  }
}

/** The kind of request that a call of this verb ends. */
export function routeKindOf(verb: CallVerb, transport: Transport): RouteKind {
  return `${verb === 'send-feedback' ? 'feedback' : 'predict'}-${transport}`;
}
