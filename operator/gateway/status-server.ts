// The gateway's port for people and probes, read-only but for /drain: what is served, probes, metrics of the agent and of
// Envoy. Never part of what clients reach.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from '../../extproc/node-http.ts';
import { askAdmin } from '../../envoy/admin.ts';

/** What Envoy's admin is asked for; the rest of it can change things or tells too much. */
const ENVOY_PATHS = ['/stats/prometheus', '/clusters', '/server_info'];

export interface StatusOptions {
  readonly adminSocket: string;
  readonly list: () => object;
  /** Null: ready; else why not, in words. */
  readonly notReady: () => string | null;
  readonly metrics: () => string;
  readonly drain: () => Promise<void>;
}

export function startStatusServer(
  port: number,
  host: string,
  options: StatusOptions,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 502, `${String(error)}\n`);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: StatusOptions,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (ENVOY_PATHS.includes(path)) {
    send(response, 200, await askAdmin(options.adminSocket, path, AbortSignal.timeout(5000)));
    return;
  }
  switch (path) {
    case '/':
      send(response, 200, `${JSON.stringify(options.list(), null, 1)}\n`, 'application/json');
      return;
    case '/live':
      send(response, 200, 'ok\n');
      return;
    case '/ready': {
      const reason = options.notReady();
      send(response, reason === null ? 200 : 503, `${reason ?? 'ok'}\n`);
      return;
    }
    case '/metrics':
      send(response, 200, options.metrics(), 'text/plain; version=0.0.4');
      return;
    case '/drain':
      await options.drain();
      send(response, 200, 'drained\n');
      return;
    default:
      send(response, 404, 'nothing here\n');
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}
