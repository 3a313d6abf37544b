// Serves over HTTP what is not on the path of a prediction: status and metadata, the API's documentation. An ordinary upstream
// of Envoy. Paths and answers are those of Seldon's executor. What is asked all the time stands in probe-server.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { FEEDBACK_PATHS, PREDICT_PATHS } from '../../dialects/seldon/paths.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';
import { answerReady } from './answer-ready.ts';
import { type Answer, empty, failed, json, pathOf, text, writeAnswer } from './answers.ts';
import { serveConnections } from './serve-connections.ts';
import { DOC_PAGE, openApiOf } from '../../dialects/seldon/doc.ts';
import { answerGraph, answerUnit } from './rest-metadata.ts';

export interface OffpathHttpOptions {
  readonly live: LiveDeployment;
  readonly log: Log;
}

export function openOffpathHttp(options: OffpathHttpOptions): ConnectionServer {
  return serveConnections((request, response) => {
    answerRequest(options, request, response).catch((error: unknown) => {
      options.log.error({ code: 'INTERNAL', err: error, path: request.url }, 'an answer failed');
      if (!response.headersSent) {
        writeAnswer(request, response, failed('INTERNAL', 'the answer failed'), '', undefined);
      } else response.destroy();
    });
  });
}

const METHODS_GET = 'GET,OPTIONS';
const METHODS_POST = 'OPTIONS,POST';

async function answerRequest(
  options: OffpathHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const path = pathOf(request);
  const plan = askedPlan(options.live, request);
  const endpoint = findEndpoint(path);
  const methods = endpoint?.methods ?? '';
  const reply = (answer: Answer): void =>
    writeAnswer(request, response, answer, methods, plan?.policy.cors);

  if (endpoint === undefined) return reply(text(404, '404 page not found\n'));
  if (request.method === 'OPTIONS' && methods !== '') return reply(empty(200));
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(empty(405));
  if (endpoint.kind === 'post') return reply(empty(405));
  if (plan === undefined) {
    return reply(failed('PLAN_UNKNOWN', 'the plan of this route is not loaded'));
  }
  switch (endpoint.kind) {
    case 'status':
      return reply(await answerReady([plan]));
    case 'unit':
      return reply(await answerUnit(plan, endpoint.unit, endpoint.verb, request.headers));
    case 'graph-metadata':
      return reply(await answerGraph(plan, request.headers));
    case 'doc':
      return reply({
        status: 200,
        body: DOC_PAGE,
        headers: { 'content-type': 'text/html; charset=utf-8' },
      });
    case 'doc-without-slash':
      return reply({ ...empty(301), headers: { location: 'doc/' } });
    case 'openapi':
      return reply(json(200, openApiOf(plan)));
  }
}

type Endpoint = { readonly methods: string } & (
  | {
      readonly kind: 'status' | 'graph-metadata' | 'doc' | 'openapi' | 'doc-without-slash' | 'post';
    }
  | { readonly kind: 'unit'; readonly verb: 'status' | 'metadata'; readonly unit: string }
);

const FIXED: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/api/v1.0/status', { kind: 'status', methods: METHODS_GET }],
  ['/api/v1.0/health/status', { kind: 'status', methods: METHODS_GET }],
  ['/api/v1.0/metadata', { kind: 'graph-metadata', methods: METHODS_GET }],
  ['/api/v1.0/doc', { kind: 'doc-without-slash', methods: METHODS_GET }],
  ['/api/v0.1/doc', { kind: 'doc-without-slash', methods: METHODS_GET }],
  ['/api/v1.0/doc/', { kind: 'doc', methods: METHODS_GET }],
  ['/api/v0.1/doc/', { kind: 'doc', methods: METHODS_GET }],
  ['/api/v1.0/doc/seldon.json', { kind: 'openapi', methods: METHODS_GET }],
  ['/api/v0.1/doc/seldon.json', { kind: 'openapi', methods: METHODS_GET }],
  // Envoy serves these; a request with another method than POST may come here.
  ...[...PREDICT_PATHS, ...FEEDBACK_PATHS].map(
    (path) => [path, { kind: 'post', methods: METHODS_POST }] as const,
  ),
]);

const UNIT_PATH = /^\/api\/v(?:0\.1|1\.0)\/(status|metadata)\/([^/]+)$/;

function findEndpoint(path: string): Endpoint | undefined {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  const [, verb, unit] = UNIT_PATH.exec(path) ?? [];
  if ((verb !== 'status' && verb !== 'metadata') || unit === undefined) return undefined;
  return { kind: 'unit', verb, unit: decodeSegment(unit), methods: METHODS_GET };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function askedPlan(live: LiveDeployment, request: IncomingMessage): Plan | undefined {
  const hash = request.headers[PLAN_HEADER];
  return live.plan(typeof hash === 'string' ? hash : null);
}
