// What a unit is told of the span that it is called in: W3C's `traceparent`, and the headers of the other formats that
// the deployment speaks, as lines of HTTP/1.1 or HPACK literals.
import { TRACE_HEADER } from '../../graph/plan/names.ts';
import type { TraceFormat } from '../../graph/plan/plan.ts';
import { encodeField } from '../../lib/codecs/http2/hpack.ts';
import type { UnitClient } from '../contract/calls.ts';
import type { TraceContext } from './sampling.ts';

export function renderTraceHeaders(
  { traceId, spanId }: TraceContext,
  formats: readonly TraceFormat[],
  form: UnitClient['headerForm'],
): Buffer {
  const fields: [string, string][] = [[TRACE_HEADER, `00-${traceId}-${spanId}-01`]];
  if (formats.includes('b3')) fields.push(['b3', `${traceId}-${spanId}-1`]);
  if (formats.includes('jaeger')) fields.push(['uber-trace-id', `${traceId}:${spanId}:0:1`]);
  return form === 'http1'
    ? Buffer.from(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
    : Buffer.concat(fields.map(([name, value]) => encodeField(name, value)));
}
