// The HTTP connection managers of the listeners: which filters run, in which order, and which route table they follow.
import type { Dialect } from '../../dialects/dialect.ts';
import { DIALECTS, dialectOf } from '../../dialects/known/dialects.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { accessLogs } from '../kit/filters/access-log.ts';
import { isNotPassedOn } from '../kit/passed-on.ts';
import { bodyLimitFilters } from '../kit/filters/body-limit.ts';
import { cloudEventsFilter } from '../kit/filters/cloud-events.ts';
import { extProcFilter } from '../kit/filters/ext-proc.ts';
import {
  headersFilter,
  pathFilter,
  readTraceHeaders,
  restoredForwardedFor,
  strippedPrefixes,
} from '../kit/filters/headers.ts';
import { modelNameFilter } from '../kit/filters/model-name.ts';
import { localReplies } from '../kit/filters/local-reply.ts';
import { clientStats, serverStats } from '../kit/filters/stats-log.ts';
import { tapFilters } from '../kit/filters/tap.ts';
import { wholeBodyFilter } from '../kit/filters/whole-body.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { connectionManager, type ManagerParts, router } from '../kit/listener.ts';
import { type EnvoyLayout, fileSource, routesPath } from '../kit/layout.ts';
import { EGRESS_ROUTES, FRONT_ROUTES, predictorRoutes, tracedListener } from '../kit/names.ts';
import { type ClientBounds, clientOptions, innerOptions, peerOptions } from '../kit/http-limits.ts';
import { CLIENT_IDLE_SECONDS } from '../kit/limits.ts';
import { madeContext, ownTraceContext } from '../kit/tracing.ts';
import { earlyTraceHeaders, egressTracing, ingressTracing } from './tracing.ts';

/** A predictor's requests: everything that architecture and data plane promise happens here. */
export function predictorManager(plan: Plan, layout: EnvoyLayout, faces: Facing): EnvoyJson {
  const graph = `${plan.namespace}/${plan.deployment}`;
  const bounds = boundsOf([plan]);
  const makesSpans = faces === 'traced';
  const passesOn = plan.tracing !== undefined && !makesSpans;
  return ownManager(layout, {
    dialect: dialectOf(plan.dialect),
    options: {
      ...(faces === 'clients' ? clientOptions(bounds) : innerOptions(bounds)),
      ...(makesSpans ? ingressTracing(plan) : {}),
    },
    statPrefix: `${makesSpans ? 'traced' : 'ingress'}_${plan.predictor}`,
    routeTable: (makesSpans ? tracedListener : predictorRoutes)(plan.predictor),
    accessLogs: [
      ...accessLogs(
        layout,
        graph,
        plan.predictor,
        passesOn ? [{ header_filter: { header: isNotPassedOn() } }] : [],
      ),
      ...serverStats(),
    ],
    filters: [
      ...tapFilters(layout),
      pathFilter(),
      headersFilter(makesSpans ? ownTraceContext() : []),
      cloudEventsFilter(plan.deployment, plan.namespace),
      ...bodyLimitFilters(plan),
      ...(namesModels(plan) ? [modelNameFilter()] : []),
      wholeBodyFilter(plan),
      extProcFilter(),
      router(clientStats()),
    ],
    early: [
      ...(faces === 'mirror' ? [restoredForwardedFor()] : []),
      strippedPrefixes(),
      ...readTraceHeaders(passesOn ? [...earlyTraceHeaders(plan), ...madeContext()] : []),
    ],
  });
}

/** Whether Envoy forwards gRPC messages alone that name a model. */
function namesModels(plan: Plan): boolean {
  return (
    dialectOf(plan.dialect).grpcModelField !== undefined &&
    plan.routes['predict-grpc'].kind === 'native'
  );
}

/** Shares requests between predictors; it changes nothing of them. */
export function frontManager(deployment: DeploymentPlan, layout: EnvoyLayout): EnvoyJson {
  return ownManager(layout, {
    dialect: dialectOfAll(deployment),
    options: clientOptions(boundsOf(deployment.predictors.map(({ plan }) => plan))),
    statPrefix: 'front',
    routeTable: FRONT_ROUTES,
    accessLogs: [],
    filters: [router()],
    early: [],
  });
}

/** The filter's side calls, or those of requests that are traced. */
export function egressManager(
  deployment: DeploymentPlan,
  layout: EnvoyLayout,
  makesSpans: boolean,
): EnvoyJson {
  return ownManager(layout, {
    // The filter reads what Envoy says here, and puts it into the words of the protocol itself.
    dialect: DIALECTS.seldon,
    options: {
      ...(makesSpans ? innerOptions : peerOptions)(
        boundsOf(deployment.predictors.map(({ plan }) => plan)),
      ),
      ...(makesSpans ? egressTracing(deployment) : {}),
    },
    statPrefix: makesSpans ? 'egress_traced' : 'egress',
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

/**
 * Who opens the connections: clients, or the front listener with its clients' requests or with copies of them, or the predictor's own
 * listener with requests that are traced.
 */
export type Facing = 'clients' | 'front' | 'mirror' | 'traced';

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

interface OwnParts extends Omit<ManagerParts, 'routeSource' | 'localReplies'> {
  readonly dialect: Dialect;
}

function ownManager(layout: EnvoyLayout, { dialect, ...parts }: OwnParts): EnvoyJson {
  return connectionManager({
    ...parts,
    routeSource: fileSource(layout, routesPath(layout, parts.routeTable)),
    localReplies: localReplies(dialect),
  });
}
