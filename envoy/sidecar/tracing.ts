// What a deployment's plan says of traces, as Envoy's: which service the spans are of, and what each of them is tagged with.
import { PUID_HEADER } from '../../graph/plan/names.ts';
import type { DeploymentPlan, Plan, Tracing } from '../../graph/plan/plan.ts';
import type { EnvoyJson } from '../kit/json.ts';
import {
  CALL_PATH,
  type EnvoyTracing,
  renderTraceCluster,
  traceHeaders,
  tracingOptions,
} from '../kit/tracing.ts';

const MILLION = 1_000_000;

/** Options of the connection manager of a predictor's requests that are traced. */
export function ingressTracing({ tracing, ...plan }: Plan): EnvoyJson {
  if (tracing === undefined) return {};
  const resource = { 'sidegraph.predictor': plan.predictor };
  const own = tracingOf(tracing, plan.namespace, plan.deployment, resource);
  // Who is traced has been decided.
  return tracingOptions({ ...own, samplingMillionths: MILLION });
}

/** The same for the filter's side calls, of all predictors, which say themselves whether they are traced. */
export function egressTracing({ predictors, namespace, deployment }: DeploymentPlan): EnvoyJson {
  const tracing = predictors.find(({ plan }) => plan.tracing !== undefined)?.plan.tracing;
  if (tracing === undefined) return {};
  const all = tracingOf(tracing, namespace, deployment, {});
  return tracingOptions({ ...all, samplingMillionths: 0 }, CALL_PATH);
}

/** Mutations that turn other headers of traces into a `traceparent`. */
export function earlyTraceHeaders({ tracing }: Plan): EnvoyJson[] {
  return tracing === undefined ? [] : traceHeaders(tracing.formats);
}

/** One cluster for each receiver. */
export function traceClusters({ predictors }: DeploymentPlan): EnvoyJson[] {
  const urls = predictors.flatMap(({ plan }) => (plan.tracing ? [plan.tracing.url] : []));
  return [...new Set(urls)].map((url) => renderTraceCluster(url));
}

/** Names the span of a request as its route is called; nothing of it is said in responses. */
export function spanName(plan: Plan, name: string): EnvoyJson {
  return plan.tracing === undefined ? {} : { decorator: { operation: name, propagate: false } };
}

/** What is the same for all spans is said once, of their resource: tags cost a request, whether it is traced or not. */
function tracingOf(
  { url, samplingMillionths, service, formats, attributes }: Tracing,
  namespace: string,
  deployment: string,
  resource: Readonly<Record<string, string>>,
): EnvoyTracing {
  return {
    url,
    samplingMillionths,
    service,
    formats,
    resource: {
      'service.namespace': namespace,
      'sidegraph.deployment': deployment,
      ...resource,
      ...attributes,
    },
    tags: [{ tag: 'seldon.puid', request_header: { name: PUID_HEADER } }],
  };
}
