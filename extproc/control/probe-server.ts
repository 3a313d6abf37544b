// Serves over HTTP what everybody asks all the time: readiness and metrics. It runs in the supervisor's process, so that a pod whose
// graph Envoy serves alone needs no worker. An ordinary upstream of Envoy on a unix socket.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DIALECTS, dialectOf } from '../../dialects/known/dialects.ts';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { listenAtPath } from '../../lib/runtime/listen.ts';
import { type LiveDeployment, servingPlans } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { answerReady } from './answer-ready.ts';
import {
  type ControlResponse,
  failed,
  pathOf,
  refused,
  textResponse,
  writeResponse,
} from './responses.ts';
import { Shared } from './shared.ts';

export interface ProbeServerOptions {
  readonly path: string;
  readonly live: LiveDeployment;
  /** Why requests would fail though units answer; undefined where they would not. */
  readonly fault: () => string | undefined;
  /** Makes the text of `/metrics`; once for all that ask meanwhile. */
  readonly metrics: () => Promise<string>;
  readonly log: Log;
}

export async function startProbeServer(given: ProbeServerOptions): Promise<{ close(): void }> {
  const pages = new Shared<string>();
  const options = { ...given, metrics: () => pages.ask('', given.metrics) };
  // Envoy closes idle connections; a server that closed one first would fail the probe that comes by it.
  const server = createServer({ keepAliveTimeout: 0 }, (request, outgoing) => {
    answerProbe(options, request).then(
      (response) => write(options, request, outgoing, response),
      (error: unknown) => {
        options.log.error({ code: 'INTERNAL', err: error, path: request.url }, 'a response failed');
        write(
          options,
          request,
          outgoing,
          failed(DIALECTS.seldon, 'INTERNAL', 'the response failed'),
        );
      },
    );
  });
  await listenAtPath(server, options.path);
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function write(
  { live }: ProbeServerOptions,
  request: IncomingMessage,
  outgoing: ServerResponse,
  response: ControlResponse,
): void {
  const hash = request.headers[PLAN_HEADER];
  const plan = live.plan(typeof hash === 'string' ? hash : undefined);
  writeResponse(request, outgoing, response, '', plan?.policy.cors);
}

async function answerProbe(
  { live, fault, metrics }: ProbeServerOptions,
  request: IncomingMessage,
): Promise<ControlResponse> {
  request.resume();
  switch (pathOf(request)) {
    case '/ready': {
      const plans = servingPlans(live);
      const why = fault();
      if (plans.length === 0) return failed(DIALECTS.seldon, 'PLAN_UNKNOWN', 'no plan is loaded');
      // One predictor that is down fails its share of the requests, whichever route the probe came by.
      return why === undefined
        ? answerReady(plans)
        : refused(dialectOf(plans[0]?.dialect ?? 'seldon'), 503, why);
    }
    case '/metrics':
    case '/prometheus': {
      const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
      return { status: 200, body: await metrics(), headers };
    }
    default:
      return textResponse(404, '404 page not found\n');
  }
}
