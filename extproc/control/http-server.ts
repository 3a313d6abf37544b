// Serves over HTTP what is not on the path of a prediction: status and metadata, the API's documentation. An ordinary upstream
// of Envoy. Paths and responses are the protocol's. What is asked all the time is in probe-server.ts.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { HttpControlResponse } from '../../dialects/dialect.ts';
import { DIALECTS, dialectOf, noSuchPath } from '../../dialects/known/dialects.ts';
import { loadDocuments } from '../../dialects/known/documents.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import { answerReady } from './answer-ready.ts';
import {
  type ControlResponse,
  emptyResponse,
  failed,
  jsonResponse,
  pathOf,
  refused,
  writeResponse,
} from './responses.ts';
import { serveConnections } from './serve-connections.ts';
import { type ControlEndpoint, findEndpoint } from './endpoints.ts';
import { answerModels } from './models.ts';
import { answerGraph, answerUnit, serverMetadata } from './rest-metadata.ts';

export interface ControlHttpOptions {
  readonly live: LiveDeployment;
  readonly log: Log;
}

export function openControlHttp(options: ControlHttpOptions): ConnectionServer {
  return serveConnections((request, outgoing) => {
    answerRequest(options, request, outgoing).catch((error: unknown) => {
      options.log.error({ code: 'INTERNAL', err: error, path: request.url }, 'a response failed');
      if (!outgoing.headersSent) {
        writeResponse(
          request,
          outgoing,
          failed(DIALECTS.seldon, 'INTERNAL', 'the response failed'),
          '',
          undefined,
        );
      } else outgoing.destroy();
    });
  });
}

async function answerRequest(
  options: ControlHttpOptions,
  request: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  request.resume();
  const path = pathOf(request);
  const plan = askedPlan(options.live, request);
  const dialect = dialectOf(plan?.dialect ?? 'seldon');
  const endpoint = findEndpoint(dialect, path);
  const methods = endpoint?.methods ?? '';
  const reply = (response: ControlResponse): void =>
    writeResponse(request, outgoing, response, methods, plan?.policy.cors);

  if (endpoint === undefined) return reply(refused(dialect, 404, noSuchPath(dialect)));
  if (request.method === 'OPTIONS' && methods !== '') return reply(emptyResponse(200));
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(emptyResponse(405));
  if (endpoint.response === 'post') return reply(emptyResponse(405));
  if (plan === undefined) {
    return reply(failed(dialect, 'PLAN_UNKNOWN', 'the plan of this route is not loaded'));
  }
  // As from Seldon's executor nothing comes where the client has not said what it reads.
  const body = request.headers.accept === undefined ? '' : endpoint.body;
  const asked = { ...endpoint, response: endpoint.response, body };
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  return reply(await answerAsked(plan, asked, path, request.headers, gone.signal));
}

async function answerAsked(
  plan: Plan,
  { response, unit, version, body }: ControlEndpoint & { readonly response: HttpControlResponse },
  path: string,
  headers: IncomingHttpHeaders,
  gone: AbortSignal,
): Promise<ControlResponse> {
  switch (response) {
    case 'ready':
      return answerReady([plan], body);
    case 'live':
      return body === '' ? emptyResponse(200) : jsonResponse(200, body);
    case 'unit-status':
      return answerUnit(plan, unit, version, 'status', headers, gone);
    case 'unit-metadata':
      return answerUnit(plan, unit, version, 'metadata', headers, gone);
    case 'graph-metadata':
      return answerGraph(plan, headers, gone);
    case 'server-metadata':
      return jsonResponse(200, JSON.stringify(serverMetadata(plan)));
    case 'models':
      return answerModels(plan, headers, gone);
    case 'doc':
      return {
        status: 200,
        body: (await loadDocuments(plan.dialect))?.page ?? '',
        headers: { 'content-type': 'text/html; charset=utf-8' },
      };
    case 'doc-without-slash':
      return {
        ...emptyResponse(301),
        headers: { location: `${path.slice(path.lastIndexOf('/') + 1)}/` },
      };
    case 'openapi':
      return jsonResponse(200, (await loadDocuments(plan.dialect))?.openApiOf(plan) ?? '{}');
  }
}

function askedPlan(live: LiveDeployment, request: IncomingMessage): Plan | undefined {
  const hash = request.headers[PLAN_HEADER];
  return live.plan(typeof hash === 'string' ? hash : undefined);
}
