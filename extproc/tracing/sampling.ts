// Whether a request is traced, and in which span: Envoy has decided, and its own span is what the request's context says.
import { TRACE_HEADER } from '../../graph/plan/names.ts';
import type { RequestHeaders } from '../contract/exchange.ts';

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: of the span of the request in Envoy. */
  readonly spanId: string;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;
/** `00-` + 32 + `-` + 16 + `-` + 2. */
const LENGTH = 55;

/** Undefined for a request that is not traced. */
export function readTraceContext(headers: RequestHeaders): TraceContext | undefined {
  const own = headers.find(TRACE_HEADER);
  // Most requests end here.
  if (own === undefined || own.length !== LENGTH || !own.endsWith('1')) return undefined;
  const [, traceId, spanId] = TRACEPARENT.exec(own) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}
