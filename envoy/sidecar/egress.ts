// The egress route table: one host a unit and transport, so that the filter's side calls get Envoy's timeouts, retries and
// statistics.
import { ERROR_HEADER, PLAN_HEADER, UNIT_HEADER, egressHost } from '../../graph/plan/names.ts';
import type { DeploymentPlan, Edge, Plan } from '../../graph/plan/plan.ts';
import { unitNameOf } from '../../graph/plan/queries.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { clusterOf, isNamed } from './clusters.ts';
import { PASSED_ON_HEADER } from '../kit/passed-on.ts';
import type { EnvoyJson } from '../kit/json.ts';
import { EGRESS_ROUTES } from '../kit/names.ts';
import { kindMetadata, unitHost } from './route-parts.ts';
import { callPolicy } from '../kit/route-policy.ts';
import { tracedCalls } from './traced.ts';

export function egressRouteTable(deployment: DeploymentPlan): EnvoyJson {
  return {
    name: EGRESS_ROUTES,
    virtual_hosts: deployment.predictors.flatMap(({ plan }) =>
      plan.edges.map((edge) => unitHostTable(plan, edge)),
    ),
  };
}

function unitHostTable(plan: Plan, edge: Edge): EnvoyJson {
  const host = egressHost(plan.predictor, unitNameOf(plan, edge.unit), edge.transport);
  const model = encodeURIComponent(edge.model);
  const feedbackPath = dialectOf(edge.dialect).unitPath(model, 'send-feedback', edge.transport);
  const policy = plan.policy;
  return {
    name: host,
    domains: [host],
    request_body_buffer_limit: Math.max(policy.maxBodyBytes, policy.maxAnswerBytes),
    routes: [
      ...tracedCalls(plan),
      ...(feedbackPath === undefined
        ? []
        : [egressRoute(plan, edge, { path: feedbackPath }, true)]),
      egressRoute(plan, edge, { prefix: '/' }, false),
    ],
  };
}

function egressRoute(plan: Plan, edge: Edge, match: EnvoyJson, feedback: boolean): EnvoyJson {
  const kind = `${feedback ? 'feedback' : 'predict'}-${edge.transport}` as const;
  return {
    match,
    metadata: kindMetadata(plan, kind),
    route: {
      cluster: clusterOf(plan, edge.unit, edge.transport),
      host_rewrite_literal: unitHost(plan, edge.unit, edge.transport),
      ...callPolicy(plan.policy, edge.transport, feedback, isNamed(edge)),
    },
    request_headers_to_remove: [UNIT_HEADER, PLAN_HEADER, PASSED_ON_HEADER],
    // By it the filter tells a failure of Envoy's from a unit's own response.
    response_headers_to_remove: [ERROR_HEADER],
  };
}
