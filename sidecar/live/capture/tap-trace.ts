// What Envoy's tap tells of one request, as data: the client's request and the response as they passed. Headers are those at the end
// of the request, so what Envoy and the filter have added is taken out here, and credentials first of all.
import { passesToUnits } from '../../../extproc/contract/passed-headers.ts';
import {
  type JsonObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
} from '../../../graph/plan/json-value.ts';
import { PUID_HEADER, ROUTING_HEADER, TRACE_HEADERS } from '../../../graph/plan/names.ts';
import type { CapturedHeader } from '../captured.ts';
import { isCredential } from './credentials.ts';

export interface TracedBody {
  readonly base64: string;
  readonly isCut: boolean;
}

export interface TapTrace {
  readonly puid: string;
  /** The internal listener that it passed; undefined for the ingress itself. */
  readonly listener: string | undefined;
  readonly method: string;
  /** That of the last call, with the query. */
  readonly path: string;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly asked: { readonly headers: readonly CapturedHeader[]; readonly body: TracedBody };
  readonly response: {
    readonly contentType: string | null;
    readonly contentEncoding: string | null;
    readonly headers: readonly CapturedHeader[];
    readonly body: TracedBody;
  };
}

/** Besides what passes to no unit: the message says them itself, or each request has its own. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...TRACE_HEADERS,
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'date',
  'server',
]);

/** Undefined where the text is no trace of a request. */
export function parseTapTrace(text: string): TapTrace | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const trace = objectAt(objectOf(value), 'http_buffered_trace');
  const asked = objectAt(trace, 'request');
  const response = objectAt(trace, 'response');
  const askedHeaders = pairsAt(asked, 'headers');
  if (askedHeaders.length === 0) return undefined;
  const responseHeaders = [...pairsAt(response, 'headers'), ...pairsAt(response, 'trailers')];
  return {
    puid: find(askedHeaders, PUID_HEADER) ?? '',
    listener: listenerOf(trace),
    method: find(askedHeaders, ':method') ?? '',
    path: find(askedHeaders, ':path') ?? '',
    contentType: find(askedHeaders, 'content-type'),
    contentEncoding: find(askedHeaders, 'content-encoding'),
    asked: { headers: keptHeaders(askedHeaders), body: bodyOf(asked) },
    response: {
      contentType: find(responseHeaders, 'content-type'),
      contentEncoding: find(responseHeaders, 'content-encoding'),
      headers: keptHeaders(responseHeaders),
      body: bodyOf(response),
    },
  };
}

type Pair = readonly [name: string, value: string];

function keptHeaders(headers: readonly Pair[]): CapturedHeader[] {
  return headers
    .filter(([name]) => isKept(name))
    .map(([name, value]) => ({ name, value: isCredential(name) ? null : value }));
}

function isKept(name: string): boolean {
  // Feedback says by it which branches it is for.
  if (name === ROUTING_HEADER) return true;
  return !name.startsWith(':') && passesToUnits(name) && !NOT_KEPT.has(name);
}

function find(headers: readonly Pair[], name: string): string | null {
  return headers.find(([own]) => own === name)?.[1] ?? null;
}

function pairsAt(message: JsonObject, name: 'headers' | 'trailers'): Pair[] {
  return objectsAt(message, name).map((each) => [textAt(each, 'key'), textAt(each, 'value')]);
}

function bodyOf(message: JsonObject): TracedBody {
  const body = objectAt(message, 'body');
  return { base64: textAt(body, 'as_bytes'), isCut: body['truncated'] === true };
}

function listenerOf(trace: JsonObject): string | undefined {
  const address = objectAt(objectAt(trace, 'downstream_connection'), 'local_address');
  const name = textAt(objectAt(address, 'envoy_internal_address'), 'server_listener_name');
  return name === '' ? undefined : name;
}
