// The tracers of a process: one for each receiver and service, on the SDK of OpenTelemetry, which is loaded when the first plan
// with traces comes and not before. Spans leave in batches as OTLP over HTTP; what a receiver does not take in time is lost.
import type { Attributes, Tracer } from '@opentelemetry/api';
import type { Plan, Tracing } from '../../graph/plan/plan.ts';
import { findEdge } from '../../graph/plan/queries.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { CallObserver, ObservedCall } from '../contract/call-observer.ts';
import { MAX_EXPORTED_SPANS } from './limits.ts';
import type { TracedPlan } from './request-trace.ts';
import { readTraceContext } from './sampling.ts';
import type { Sdk, SpanProvider } from './sdk.ts';
import {
  MAX_WAITING_SPANS,
  SPAN_EXPORT_DELAY_MS,
  SPAN_EXPORT_TIMEOUT_MS,
} from '../../graph/plan/limits.ts';

export class Tracers {
  readonly #log: Log;
  #sdk: Sdk | undefined;
  readonly #providers = new Map<string, SpanProvider>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Before a deployment's programs are compiled: loads the SDK where one of its plans has traces. */
  async load(plans: readonly Plan[]): Promise<void> {
    if (this.#sdk !== undefined || plans.every(({ tracing }) => tracing === undefined)) return;
    this.#sdk = await import('./sdk.ts');
  }

  /** The observer of a plan's calls; undefined where it has no traces. */
  prepare(plan: Plan): CallObserver | undefined {
    const { tracing } = plan;
    const sdk = this.#sdk;
    if (tracing === undefined || sdk === undefined) return undefined;
    const traced = tracedPlan(plan, tracing, this.#providerOf(sdk, plan, tracing).tracer);
    return {
      // Only requests that are traced are watched.
      begin: () => undefined,
      forRequest(exchange) {
        const context = readTraceContext(exchange.headers);
        if (context === undefined) return undefined;
        exchange.headers.replaceTrace();
        return new sdk.RequestTrace(traced, context);
      },
    };
  }

  /** Sends what waits, as far as that goes in time. */
  async close(): Promise<void> {
    await Promise.all([...this.#providers.values()].map((provider) => provider.close()));
    this.#providers.clear();
  }

  #providerOf(sdk: Sdk, plan: Plan, tracing: Tracing): SpanProvider {
    const { url, service, attributes } = tracing;
    const resource = {
      'service.name': service,
      'service.namespace': plan.namespace,
      'sidegraph.deployment': plan.deployment,
      'sidegraph.predictor': plan.predictor,
      ...attributes,
    };
    const key = JSON.stringify([url, resource]);
    const known = this.#providers.get(key);
    if (known !== undefined) return known;
    const provider = sdk.openProvider(
      {
        url: `${url}/v1/traces`,
        resource,
        maxWaitingSpans: MAX_WAITING_SPANS,
        maxExportedSpans: MAX_EXPORTED_SPANS,
        delayMs: SPAN_EXPORT_DELAY_MS,
        timeoutMs: SPAN_EXPORT_TIMEOUT_MS,
      },
      this.#log,
    );
    this.#providers.set(key, provider);
    return provider;
  }
}

function tracedPlan(plan: Plan, { formats }: Tracing, tracer: Tracer): TracedPlan {
  const known = new Map<ObservedCall, Attributes>();
  return {
    tracer,
    formats,
    unitNames: plan.units.map(({ name }) => name),
    attributesOf(call) {
      const kept = known.get(call);
      if (kept !== undefined) return kept;
      const made = attributesOf(plan, call);
      known.set(call, made);
      return made;
    },
  };
}

/** What can be said of a call before it is made, in the words of OpenTelemetry's semantic conventions. */
function attributesOf(
  plan: Plan,
  { unit, unitName, verb, transport, path }: ObservedCall,
): Attributes {
  const edge = findEdge(plan, unit, transport);
  const [, service = '', method = ''] = path.split('/');
  return {
    'seldon.unit': unitName,
    'seldon.verb': verb,
    ...(edge === undefined ? {} : { 'server.address': edge.host, 'server.port': edge.port }),
    ...(transport === 'rest'
      ? { 'http.request.method': 'POST', 'url.path': path }
      : { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method }),
  };
}
