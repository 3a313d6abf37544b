// The gateway's status port: probes for the kubelet and numbers for Prometheus. Whoever reaches it changes nothing, and learns no more of
// who is served than names and numbers of requests; where and by which pods is what the control socket is for.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { listen } from '../../lib/runtime/listen.ts';
import { createServer } from '../../lib/runtime/node-http.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

export interface GatewayStatusOptions {
  /** Undefined: ready; else why not, in words. */
  readonly notReady: () => string | undefined;
  readonly metrics: () => Promise<string>;
}

export function startGatewayStatus(
  port: number,
  host: string,
  options: GatewayStatusOptions,
): Promise<Server> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else send(response, 500, 'no response\n');
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return listen(server, { port, host });
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  { notReady, metrics }: GatewayStatusOptions,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, 405, 'only reading is offered here\n');
    return;
  }
  switch (url.split('?', 1)[0]) {
    case '/live':
      send(response, 200, 'ok\n');
      return;
    case '/ready': {
      const reason = notReady();
      send(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
      return;
    }
    case '/metrics':
      send(response, 200, await metrics(), 'text/plain; version=0.0.4');
      return;
    default:
      send(response, 404, 'nothing here\n');
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
