// What a deployment's plan says of traces, as Envoy's: which service the spans are of, and what every span is tagged with.
import { METADATA_NAMESPACE, METADATA_ROUTING, PUID_HEADER } from '../../graph/plan/names.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import type { JsonObject } from '../kit/json.ts';
import {
  CALL_PATH,
  type EnvoyTracing,
  renderTraceCluster,
  tag,
  traceHeaders,
  tracingOptions,
} from '../kit/tracing.ts';

/** Options of the connection manager of a predictor's requests. */
export function ingressTracing(plan: Plan): JsonObject {
  const tracing = tracingOf(plan);
  return tracing === undefined ? {} : tracingOptions(tracing);
}

/** The same for the filter's side calls, which say themselves whether they are traced. */
export function egressTracing({ predictors }: DeploymentPlan): JsonObject {
  const traced = predictors.find(({ plan }) => plan.tracing !== undefined);
  const tracing = traced === undefined ? undefined : tracingOf(traced.plan);
  return tracing === undefined
    ? {}
    : tracingOptions({ ...tracing, samplingMillionths: 0 }, CALL_PATH);
}

/** Mutations that turn other headers of traces into a `traceparent`. */
export function earlyTraceHeaders({ tracing }: Plan): JsonObject[] {
  return tracing === undefined ? [] : traceHeaders(tracing.formats);
}

/** One cluster for each receiver. */
export function traceClusters({ predictors }: DeploymentPlan): JsonObject[] {
  const urls = predictors.flatMap(({ plan }) => (plan.tracing ? [plan.tracing.url] : []));
  return [...new Set(urls)].map((url) => renderTraceCluster(url));
}

/** Names the span of a request as its route is called; nothing of it is said in answers. */
export function spanName(plan: Plan, name: string): JsonObject {
  return plan.tracing === undefined ? {} : { decorator: { operation: name, propagate: false } };
}

function tracingOf(plan: Plan): EnvoyTracing | undefined {
  const { tracing } = plan;
  if (tracing === undefined) return undefined;
  const { url, samplingMillionths, service, formats, attributes } = tracing;
  return {
    url,
    samplingMillionths,
    service,
    formats,
    resource: { 'service.namespace': plan.namespace, ...attributes },
    tags: [
      tag('sidegraph.deployment', plan.deployment),
      tag('sidegraph.predictor', plan.predictor),
      { tag: 'seldon.puid', request_header: { name: PUID_HEADER } },
      {
        tag: 'seldon.routing',
        metadata: {
          kind: { request: {} },
          metadata_key: { key: METADATA_NAMESPACE, path: [{ key: METADATA_ROUTING }] },
        },
      },
    ],
  };
}
