// The routes of one deployment: REST below its prefix, gRPC by two headers, its explainers below theirs.
import { dialectOf, errorBody } from '../../dialects/known/dialects.ts';
import type { DialectName, Transport } from '../../graph/plan/plan.ts';
import { type EnvoyJson, duration, overwriteHeader, typed } from '../../envoy/kit/json.ts';
import { errorHeaders } from '../../envoy/kit/filters/reply-rows.ts';
import { mirrorPolicy, type Retries, retryPolicy, streamBound } from '../../envoy/kit/traffic.ts';
import { clusterName } from './clusters.ts';
import { homeMatch, homeRoute, namesPod } from './home.ts';
import type { ServedDeployment, ServedPredictor } from './served.ts';
import type { Shares } from './shares.ts';

/** Nothing of the request reached a model: sending it to another pod is harmless. */
const HARMLESS_RETRIES = 'connect-failure,refused-stream,reset-before-request';
const HARMLESS_ATTEMPTS = 2;
const ASKED_RETRIES: Readonly<Record<Transport, string>> = {
  rest: `${HARMLESS_RETRIES},gateway-error`,
  grpc: `${HARMLESS_RETRIES},gateway-error,unavailable`,
};

function feedbackPaths(dialect: DialectName, kind: 'feedback-rest' | 'feedback-grpc'): string[] {
  const { clientRoutes } = dialectOf(dialect);
  return clientRoutes.flatMap((route) => (route.kind === kind ? [route.path] : []));
}

/** Responses that may stream are bounded by their longest pause. */
function mayStream(dialect: DialectName): boolean {
  return dialectOf(dialect).clientRoutes.some(({ streams }) => streams === true);
}

/** Path below which a deployment serves; ends with a slash. */
export function servedPrefix(namespace: string, publicName: string): string {
  return `/seldon/${namespace}/${publicName}/`;
}

/** `homes`: the predictors to whose pods feedback may come home. */
export function restRoutes(
  served: ServedDeployment,
  shares: Shares,
  homes: readonly ServedPredictor[],
): EnvoyJson[] {
  const prefix = servedPrefix(served.namespace, served.publicName);
  const feedback = feedbackPaths(served.dialect, 'feedback-rest').map(
    (path) => prefix + path.slice(1),
  );
  return [
    ...homeRoutes(served, shares, 'rest', prefix, feedback, homes),
    ...withFeedback(served, shares, 'rest', prefix, feedback),
  ];
}

export function grpcRoutes(
  served: ServedDeployment,
  shares: Shares,
  homes: readonly ServedPredictor[],
): EnvoyJson[] {
  const feedback = feedbackPaths(served.dialect, 'feedback-grpc');
  return [
    ...homeRoutes(served, shares, 'grpc', '/', feedback, homes),
    ...withFeedback(served, shares, 'grpc', '/', feedback),
  ];
}

/** Feedback that names the pod that served its request goes to that predictor, and there to that pod. */
function homeRoutes(
  served: ServedDeployment,
  shares: Shares,
  transport: Transport,
  prefix: string,
  feedback: readonly string[],
  homes: readonly ServedPredictor[],
): EnvoyJson[] {
  return homes.flatMap(({ name, service }) =>
    feedback.map((path) => {
      const alone = { serving: [{ service, weight: 1 }], mirrors: shares.mirrors };
      const own = route(served, alone, transport, path, true, prefix);
      const match = { ...(own['match'] as EnvoyJson), headers: [homeMatch(name)] };
      return { ...own, match, ...homeRoute() };
    }),
  );
}

export function explainerRoute(
  served: ServedDeployment,
  predictor: string,
  service: string,
  isReady: boolean,
): EnvoyJson {
  const prefix = `${servedPrefix(served.namespace, `${served.publicName}-explainer`)}${predictor}/`;
  const serving = isReady ? [{ service, weight: 1 }] : [];
  return route(served, { serving, mirrors: [] }, 'rest', prefix, false, prefix);
}

/** Feedback has a route of its own where retries are asked for: it is never sent twice. */
function withFeedback(
  served: ServedDeployment,
  shares: Shares,
  transport: Transport,
  prefix: string,
  feedback: readonly string[],
): EnvoyJson[] {
  const isRetried = served.retries !== null && shares.serving.length > 0;
  return [
    ...(isRetried
      ? feedback.map((path) => route(served, shares, transport, path, true, prefix))
      : []),
    route(served, shares, transport, prefix, false, prefix),
  ];
}

function route(
  served: ServedDeployment,
  shares: Shares,
  transport: Transport,
  matched: string,
  isFeedback: boolean,
  prefix: string,
): EnvoyJson {
  return {
    name: `${served.namespace}/${served.name}`,
    match: {
      prefix: matched,
      ...(transport === 'grpc' ? { grpc: {} } : {}),
    },
    ...(shares.serving.length === 0
      ? nobodyReady(served, transport)
      : {
          ...(!isFeedback && served.predictors.some(({ remembers }) => remembers)
            ? namesPod()
            : {}),
          route: {
            ...destination(served, shares, transport),
            ...(transport === 'grpc' ? {} : { prefix_rewrite: matched.slice(prefix.length - 1) }),
            ...(mayStream(served.dialect)
              ? { timeout: '0s', idle_timeout: duration(served.longestRequestMs) }
              : { max_stream_duration: streamBound(served.longestRequestMs, transport) }),
            ...(served.retries === null || isFeedback
              ? {}
              : { retry_policy: askedRetries(served.retries, transport) }),
            ...mirrors(served, shares, transport),
          },
        }),
  };
}

function destination(served: ServedDeployment, shares: Shares, transport: Transport): EnvoyJson {
  const [only, ...others] = shares.serving;
  const nameOf = (service: string) => clusterName(served.namespace, service, transport);
  if (only !== undefined && others.length === 0) return { cluster: nameOf(only.service) };
  return {
    weighted_clusters: {
      clusters: shares.serving.map(({ service, weight }) => ({
        name: nameOf(service),
        weight,
      })),
    },
  };
}

function nobodyReady(served: ServedDeployment, transport: Transport): EnvoyJson {
  const info = `deployment ${served.namespace}/${served.name} has no ready pod`;
  const isRest = transport === 'rest';
  return {
    direct_response: {
      status: 503,
      body: { inline_string: isRest ? errorBody(dialectOf(served.dialect), 503, info) : info },
    },
    response_headers_to_add: [
      ...errorHeaders('POD_UNAVAILABLE'),
      ...(isRest ? [overwriteHeader('content-type', 'application/json')] : []),
    ],
  };
}

function mirrors(served: ServedDeployment, shares: Shares, transport: Transport): EnvoyJson {
  if (shares.mirrors.length === 0) return {};
  return {
    request_mirror_policies: shares.mirrors.map(({ service, percent }) =>
      mirrorPolicy(clusterName(served.namespace, service, transport), percent),
    ),
  };
}

/** Of the whole table: what certainly reached no pod goes to another one. */
export function harmlessRetries(): EnvoyJson {
  return toOtherPods({
    on: HARMLESS_RETRIES,
    attempts: HARMLESS_ATTEMPTS,
    perTryTimeoutMs: undefined,
  });
}

function askedRetries(
  asked: NonNullable<ServedDeployment['retries']>,
  transport: Transport,
): EnvoyJson {
  return toOtherPods({
    on: ASKED_RETRIES[transport],
    attempts: asked.attempts,
    perTryTimeoutMs: asked.perTryTimeoutMs === 0 ? undefined : asked.perTryTimeoutMs,
  });
}

function toOtherPods(retries: Retries): EnvoyJson {
  return {
    ...retryPolicy(retries),
    retry_host_predicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        typed_config: typed('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
      },
    ],
    host_selection_retry_max_attempts: 3,
  };
}
