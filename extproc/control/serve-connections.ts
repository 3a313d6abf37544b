// Node's HTTP server on connections that were accepted elsewhere.
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from '../../lib/runtime/node-http.ts';
import type { ConnectionServer } from '../contract/connection-server.ts';

/** Closing waits for the responses that are under way. */
export function serveConnections(answer: RequestListener): ConnectionServer {
  const open = new Set<ServerResponse>();
  let ended = (): void => {};
  // Envoy closes idle connections; a server that closed one first would fail the request that comes by it.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (open.size === 0) ended();
    });
    answer(request, response);
  });
  return {
    take: (socket) => void server.emit('connection', socket),
    close: () =>
      new Promise((resolve) => {
        ended = () => {
          server.closeAllConnections();
          resolve();
        };
        server.closeIdleConnections();
        if (open.size === 0) ended();
      }),
  };
}
