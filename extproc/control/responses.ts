// The responses of the control HTTP server as plain data, and how they are written: with the headers that Seldon puts
// on everything.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CORS_ALLOW_HEADERS, CORS_ALLOW_ORIGIN } from '../../graph/plan/limits.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { errorBody } from '../../dialects/known/dialects.ts';
import { ERRORS, type ErrorCode } from '../../graph/plan/errors.ts';
import { ERROR_HEADER, PUID_HEADER } from '../../graph/plan/names.ts';
import type { Policy } from '../../graph/plan/plan.ts';

export interface ControlResponse {
  readonly status: number;
  readonly body: Buffer | string;
  readonly headers: Readonly<Record<string, string>>;
}

export function emptyResponse(status: number): ControlResponse {
  return { status, body: '', headers: {} };
}

export function textResponse(status: number, body: string): ControlResponse {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8' } };
}

export function jsonResponse(status: number, body: string | Buffer): ControlResponse {
  return { status, body, headers: { 'content-type': 'application/json' } };
}

/** An error that has a code. */
export function failed(dialect: Dialect, code: ErrorCode, info: string): ControlResponse {
  const response = refused(dialect, ERRORS[code].status, info);
  return { ...response, headers: { ...response.headers, [ERROR_HEADER]: code } };
}

/** What the table of codes does not name. */
export function refused(dialect: Dialect, status: number, info: string): ControlResponse {
  return jsonResponse(status, errorBody(dialect, status, info));
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** Writes a response; `methods` is what the path allows, '' for paths outside of the API. */
export function writeResponse(
  request: IncomingMessage,
  outgoing: ServerResponse,
  response: ControlResponse,
  methods: string,
  cors: Policy['cors'] | undefined,
): void {
  const puid = request.headers[PUID_HEADER];
  outgoing.writeHead(response.status, {
    'access-control-allow-headers': cors?.allowHeaders ?? CORS_ALLOW_HEADERS,
    'access-control-allow-origin': cors?.allowOrigin ?? CORS_ALLOW_ORIGIN,
    ...(methods === '' ? {} : { 'access-control-allow-methods': methods }),
    'x-content-type-options': 'nosniff',
    ...(typeof puid === 'string' ? { [PUID_HEADER]: puid } : {}),
    ...response.headers,
    'content-length': Buffer.byteLength(response.body),
  });
  outgoing.end(request.method === 'HEAD' ? undefined : response.body);
}
