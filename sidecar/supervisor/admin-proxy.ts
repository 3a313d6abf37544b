// `--admin-port`: the live page, and the part of Envoy's admin endpoint that only reads, on a port of the host. What changes the process
// (quitquitquit, drain, logging, runtime_modify) stays on the unix socket.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isOwnName } from '../live/own-name.ts';
import { LIVE_PATHS, type Pages } from '../live/pages.ts';
import { listen } from '../../lib/runtime/listen.ts';
import { createServer } from '../../lib/runtime/node-http.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { isLoopback } from '../../lib/runtime/hosts.ts';

const READABLE = new Set([
  '/ready',
  '/stats',
  '/stats/prometheus',
  '/clusters',
  '/listeners',
  '/config_dump',
  '/server_info',
  '/memory',
  '/help',
]);

/** Answers what a page from elsewhere may ask on loopback, by a name that leads here. */
export function refusesStranger(
  request: IncomingMessage,
  response: ServerResponse,
  isOnLoopback: boolean,
): boolean {
  if (!isOnLoopback || isOwnName(request.headers.host)) return false;
  response.writeHead(421).end('ask by an address, or as localhost\n');
  return true;
}

/** Answers what does more than read. */
export function refusesWrites(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  response.writeHead(405, { allow: 'GET, HEAD' }).end('only reading is offered here\n');
  return true;
}

/** `pages` goes first, and `actions` for what is posted. */
export function startAdminProxy(
  socketPath: string,
  host: string,
  port: number,
  pages: Pages,
  actions: Pages = () => false,
): Promise<Server> {
  const isOnLoopback = isLoopback(host);
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    const path = url.split('?')[0] ?? '/';
    if (refusesStranger(request, response, isOnLoopback)) return;
    if (request.method === 'POST' && actions(request, response)) return;
    if (refusesWrites(request, response) || pages(request, response)) return;
    if (!READABLE.has(path)) {
      response
        .writeHead(404)
        .end(
          `offered here: ${[...LIVE_PATHS, ...READABLE].join(' ')}\nthe graph's metrics are at /metrics of its own port\n`,
        );
      return;
    }
    requestSocket(socketPath, url).then(
      ({ status, contentType, body }) =>
        response.writeHead(status, { 'content-type': contentType }).end(body),
      () => response.writeHead(503).end('Envoy does not answer\n'),
    );
  });
  return listen(server, { port, host });
}
