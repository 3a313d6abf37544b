// Whether a request is traced, and in which span. Envoy has decided before the filter sees the request, and says neither: so the
// filter comes to the same response by the same rule. The caller's decision counts; where there is none, the trace's id does, as
// Envoy's sampler reads it (seen on 1.40; a test holds the two against each other).
import { TRACE_HEADER, TRACE_PARENT_HEADER } from '../../graph/plan/names.ts';
import type { RequestHeaders } from '../contract/exchange.ts';

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: of the span of the request in Envoy. */
  readonly spanId: string;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
/** `00-` + 32 + `-` + 16 + `-` + 2. */
const LENGTH = 55;
const FLAGS_AT = 54;
const MILLION = 1_000_000;

/** Undefined for a request that is not traced. */
export function readTraceContext(
  headers: RequestHeaders,
  samplingMillionths: number,
): TraceContext | undefined {
  const own = headers.find(TRACE_HEADER);
  if (own === undefined || own.length !== LENGTH) return undefined;
  const parent = headers.find(TRACE_PARENT_HEADER);
  const isSampled =
    parent === undefined
      ? shareOf(own, 3) < samplingMillionths
      : (hexAt(parent, FLAGS_AT) & 1) === 1 && parent.length >= LENGTH;
  if (!isSampled) return undefined;
  const [, traceId, spanId] = TRACEPARENT.exec(own) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

/** The first eight bytes of a trace's id as a little-endian number, modulo a million. */
function shareOf(text: string, at: number): number {
  let share = 0;
  for (let byte = 7; byte >= 0; byte--) {
    const from = at + 2 * byte;
    share = (share * 256 + hexAt(text, from) * 16 + hexAt(text, from + 1)) % MILLION;
  }
  return share;
}

/** Value of a digit in lower case; what is none counts as 0. */
function hexAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : 0;
}
