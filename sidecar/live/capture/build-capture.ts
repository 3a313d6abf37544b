// One captured request out of the three that know of it: Envoy's tap has what the client sent and got, the filter what it sent to units
// and got, and the line of the request its times and the last call. Pure.
import { dialectOf } from '../../../dialects/known/dialects.ts';
import type { CopiedBody } from '../../../extproc/live/copied-body.ts';
import type { WalkPayloads } from '../../../extproc/live/walk-record.ts';
import type { DialectName } from '../../../graph/plan/plan.ts';
import {
  CAPTURE_VERSION,
  type Capture,
  type CapturedCall,
  type CapturedHeader,
} from '../captured.ts';
import type { LiveRequest } from '../requests.ts';
import { withoutCredentials } from './credentials.ts';
import type { TapTrace, TracedBody } from './tap-trace.ts';

export interface CaptureParts {
  readonly id: number;
  readonly request: LiveRequest;
  readonly trace: TapTrace;
  /** Undefined for what Envoy served alone, and where the filter had no room. */
  readonly payloads: WalkPayloads | undefined;
  readonly dialect: DialectName;
  /** What Envoy's call is, where the filter has not said it. */
  readonly verb: string;
}

export function buildCapture({
  id,
  request,
  trace,
  payloads,
  dialect,
  verb,
}: CaptureParts): Capture {
  // Envoy's own routes rewrite the path, and leave the query as it is.
  const asked = payloads?.asked ?? {
    ...trace,
    path: request.path + (/\?.*/.exec(trace.path)?.[0] ?? ''),
    layout: null,
  };
  const transport = asked.contentType?.startsWith('application/grpc') === true ? 'grpc' : 'rest';
  const bodyOf = (
    body: TracedBody,
    bytes: number,
    contentType: string | null,
    contentEncoding: string | null,
  ): CopiedBody => {
    const copied = { ...body, bytes, contentType, contentEncoding };
    return transport === 'grpc' ? withoutFrame(copied) : copied;
  };
  const response = bodyOf(
    trace.response.body,
    request.bytesOut,
    trace.response.contentType,
    trace.response.contentEncoding,
  );
  const askedBody = bodyOf(
    trace.asked.body,
    request.bytesIn,
    asked.contentType,
    asked.contentEncoding,
  );
  const calls: CapturedCall[] = request.calls.flatMap(
    ({ unit, verb: own, atMs, ms, status }, at) => {
      const payload = payloads?.calls[at];
      if (payload === undefined) return [];
      return [{ unit, verb: own, by: 'filter' as const, atMs, ms, status, ...payload }];
    },
  );
  if (request.unit !== '')
    calls.push({
      unit: request.unit,
      verb: request.tail?.verb ?? verb,
      by: 'envoy',
      atMs: request.unitAtMs,
      ms: request.unitMs,
      status: request.grpcStatus ?? request.status,
      sent: payloads?.tail ?? askedBody,
      received: request.unitMs === null ? null : response,
    });
  const { layoutHeader } = dialectOf(dialect);
  return {
    version: CAPTURE_VERSION,
    id,
    transport,
    path: withoutCredentials(asked.path),
    asked: {
      headers: askedHeaders(
        trace.asked.headers,
        asked.layout,
        payloads === undefined ? undefined : layoutHeader,
      ),
      body: askedBody,
    },
    response: { headers: trace.response.headers, body: response },
    calls,
    request,
  };
}

/** The last call may have had its body laid out otherwise than the client did. */
function askedHeaders(
  headers: readonly CapturedHeader[],
  layout: string | null,
  layoutHeader: string | undefined,
): readonly CapturedHeader[] {
  if (layoutHeader === undefined) return headers;
  const others = headers.filter(({ name }) => name !== layoutHeader);
  return layout === null ? others : [...others, { name: layoutHeader, value: layout }];
}

const FRAME_BYTES = 5;

/** A gRPC body of one message that is not compressed, without its frame; any other as it is. */
function withoutFrame(body: CopiedBody): CopiedBody {
  const bytes = Buffer.from(body.base64, 'base64');
  const isOne =
    bytes.length >= FRAME_BYTES &&
    bytes[0] === 0 &&
    bytes.readUInt32BE(1) === body.bytes - FRAME_BYTES;
  if (!isOne) return body;
  return {
    ...body,
    bytes: body.bytes - FRAME_BYTES,
    base64: bytes.subarray(FRAME_BYTES).toString('base64'),
  };
}
