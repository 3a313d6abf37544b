// The HTTP connection managers of the listeners: which filters run, in which order, and which route table they follow.
import type { Dialect } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { accessLogs } from '../kit/filters/access-log.ts';
import { bodyLimitFilters } from '../kit/filters/body-limit.ts';
import { cloudEventsFilter } from '../kit/filters/cloud-events.ts';
import { extProcFilter } from '../kit/filters/ext-proc.ts';
import {
  headersFilter,
  pathFilter,
  restoredForwardedFor,
  strippedPrefixes,
} from '../kit/filters/headers.ts';
import { localReplies } from '../kit/filters/local-reply.ts';
import { clientStats, serverStats } from '../kit/filters/stats-log.ts';
import { wholeBodyFilter } from '../kit/filters/whole-body.ts';
import { type JsonObject, typed } from '../kit/json.ts';
import { type EnvoyLayout, fileSource, routesPath } from '../kit/layout.ts';
import { EGRESS_ROUTES, FRONT_ROUTES, predictorRoutes } from '../kit/names.ts';
import { type ClientBounds, clientOptions, peerOptions } from '../kit/http-limits.ts';
import { CLIENT_IDLE_SECONDS } from '../kit/limits.ts';

/** A predictor's requests: everything that architecture and data plane promise happens here. */
export function predictorManager(plan: Plan, layout: EnvoyLayout, faces: Facing): JsonObject {
  const graph = `${plan.namespace}/${plan.deployment}`;
  const bounds = boundsOf([plan]);
  return connectionManager(layout, {
    dialect: dialectOf(plan.dialect),
    options: faces === 'clients' ? clientOptions(bounds) : peerOptions(bounds),
    statPrefix: `ingress_${plan.predictor}`,
    routeTable: predictorRoutes(plan.predictor),
    accessLogs: [...accessLogs(layout, graph, plan.predictor), ...serverStats()],
    filters: [
      pathFilter(),
      headersFilter(),
      cloudEventsFilter(plan.deployment, plan.namespace),
      ...bodyLimitFilters(plan),
      wholeBodyFilter(plan),
      extProcFilter(),
      router(clientStats()),
    ],
    early: [...(faces === 'mirror' ? [restoredForwardedFor()] : []), strippedPrefixes()],
  });
}

/** Shares requests between predictors; it changes nothing of them. */
export function frontManager(deployment: DeploymentPlan, layout: EnvoyLayout): JsonObject {
  return connectionManager(layout, {
    dialect: dialectOfAll(deployment),
    options: clientOptions(boundsOf(deployment.predictors.map(({ plan }) => plan))),
    statPrefix: 'front',
    routeTable: FRONT_ROUTES,
    accessLogs: [],
    filters: [router([])],
    early: [],
  });
}

/** The filter's side calls. */
export function egressManager(deployment: DeploymentPlan, layout: EnvoyLayout): JsonObject {
  return connectionManager(layout, {
    dialect: dialectOfAll(deployment),
    options: peerOptions(boundsOf(deployment.predictors.map(({ plan }) => plan))),
    statPrefix: 'egress',
    routeTable: EGRESS_ROUTES,
    accessLogs: [],
    filters: [router(clientStats())],
    early: [],
  });
}

/** The predictors of a deployment speak one protocol. */
function dialectOfAll({ predictors }: DeploymentPlan): Dialect {
  return dialectOf(predictors[0]?.plan.dialect ?? 'seldon');
}

/** Who opens the connections: clients, or the front listener with its clients' requests or with copies of them. */
export type Facing = 'clients' | 'front' | 'mirror';

/** The widest of what the predictors behind one listener allow. */
function boundsOf(plans: readonly Plan[]): ClientBounds {
  const most = (of: (policy: Plan['policy']) => number) =>
    Math.max(...plans.map(({ policy }) => of(policy)));
  return {
    idleMs: CLIENT_IDLE_SECONDS * 1000,
    maxHeaderBytes: most((policy) => policy.maxHeaderBytes),
    maxHeaders: most((policy) => policy.maxHeaders),
    bodyTimeoutMs: most((policy) => policy.bodyTimeoutMs),
  };
}

interface ManagerParts {
  readonly dialect: Dialect;
  readonly options: JsonObject;
  readonly statPrefix: string;
  readonly routeTable: string;
  readonly accessLogs: readonly JsonObject[];
  readonly filters: readonly JsonObject[];
  readonly early: readonly JsonObject[];
}

function connectionManager(layout: EnvoyLayout, parts: ManagerParts): JsonObject {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: typed(
      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      {
        stat_prefix: parts.statPrefix,
        codec_type: 'AUTO',
        rds: {
          route_config_name: parts.routeTable,
          config_source: fileSource(layout, routesPath(layout, parts.routeTable)),
        },
        http_filters: parts.filters,
        early_header_mutation_extensions: parts.early,
        local_reply_config: localReplies(parts.dialect),
        access_log: parts.accessLogs,
        // A route's `max_stream_duration` bounds requests; an idle bound would be a second truth.
        stream_idle_timeout: '0s',
        ...parts.options,
        preserve_external_request_id: true,
      },
    ),
  };
}

function router(upstreamLogs: readonly JsonObject[]): JsonObject {
  return {
    name: 'envoy.filters.http.router',
    typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {
      suppress_envoy_headers: true,
      ...(upstreamLogs.length === 0 ? {} : { upstream_log: upstreamLogs }),
    }),
  };
}
