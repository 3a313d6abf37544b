// The spans of one request that is traced: one for each side call, children of the request's span in Envoy, which makes
// that one and those of its own calls. A router's span says what it chose.
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { TraceFormat } from '../../graph/plan/plan.ts';
import type { CallObserver, CallTrace, ObservedCall } from '../contract/call-observer.ts';
import type { CallResult } from '../contract/calls.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { TraceContext } from './sampling.ts';
import { renderTraceHeaders } from './trace-headers.ts';

/** What all spans of a plan's calls share. */
export interface TracedPlan {
  readonly tracer: Tracer;
  readonly formats: readonly TraceFormat[];
  readonly unitNames: readonly string[];
  attributesOf(call: ObservedCall): Attributes;
}

export class RequestTrace implements CallObserver {
  readonly #plan: TracedPlan;
  readonly #parent: Context;
  /** Spans of routers whose response is not read yet, by unit. */
  readonly #routing = new Map<number, EndedSpan>();

  constructor(plan: TracedPlan, { traceId, spanId }: TraceContext) {
    this.#plan = plan;
    this.#parent = trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    });
  }

  begin(
    call: ObservedCall,
    _exchange: Exchange,
    _message: Message,
    body: Buffer | readonly Buffer[],
  ): CallTrace {
    const { tracer, formats } = this.#plan;
    const attributes = this.#plan.attributesOf(call);
    const span = tracer.startSpan(
      call.path,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...sizeOf(call, body) } },
      this.#parent,
    );
    const headers = renderTraceHeaders(span.spanContext(), formats, call.client.headerForm);
    return {
      headers,
      end: (status, result) => {
        describeEnd(span, call, status, result);
        if (call.verb === 'route' && result.kind === 'response' && result.isOk)
          this.#routing.set(call.unit, { span, endedAt: performance.now() });
        else span.end();
      },
      cancelled: () => {
        span.setAttribute('error.type', 'cancelled');
        span.setStatus({ code: SpanStatusCode.ERROR, message: 'the client has gone away' });
        span.end();
      },
    };
  }

  chose(unit: number, choice: number): void {
    const asked = this.#routing.get(unit);
    if (asked === undefined) {
      this.#choseAlone(unit, choice);
      return;
    }
    this.#routing.delete(unit);
    asked.span.setAttribute('seldon.choice', choice);
    asked.span.end(asked.endedAt);
  }

  /** A built-in router, which is called by nobody, has a span of no length. */
  #choseAlone(unit: number, choice: number): void {
    const { tracer, unitNames } = this.#plan;
    const attributes = { 'seldon.unit': unitNames[unit] ?? '', 'seldon.choice': choice };
    tracer.startSpan('choose', { kind: SpanKind.INTERNAL, attributes }, this.#parent).end();
  }

  replied(): void {
    for (const { span, endedAt } of this.#routing.values()) span.end(endedAt);
    this.#routing.clear();
  }
}

interface EndedSpan {
  readonly span: Span;
  /** By the clock that never goes back, which the SDK lays beside its start: whole milliseconds would cut off most of a call. */
  readonly endedAt: number;
}

function sizeOf(call: ObservedCall, body: Buffer | readonly Buffer[]): Attributes {
  let bytes = 0;
  if (Buffer.isBuffer(body)) bytes = body.length;
  else for (const piece of body) bytes += piece.length;
  return { [call.transport === 'rest' ? 'http.request.body.size' : 'rpc.request.size']: bytes };
}

function describeEnd(span: Span, call: ObservedCall, status: number, result: CallResult): void {
  if (result.kind === 'failure') {
    span.setAttribute('error.type', result.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: result.text });
    return;
  }
  const isRest = call.transport === 'rest';
  span.setAttribute(isRest ? 'http.response.status_code' : 'rpc.grpc.status_code', status);
  span.setAttribute(isRest ? 'http.response.body.size' : 'rpc.response.size', result.body.length);
  if (result.isOk) return;
  span.setAttribute('error.type', String(status));
  span.setStatus({ code: SpanStatusCode.ERROR, message: result.grpcMessage });
}
