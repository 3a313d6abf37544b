// An HTTP server for stand-ins: a path and a JSON body in, a status and a JSON body out. What a handler throws is a 500 with its message.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** JSON, parsed; the bytes of any other content type, undefined where there are none. */
  readonly body: unknown;
}

export interface RestResponse {
  readonly status?: number;
  readonly body: unknown;
}

export type Handler = (asked: Asked) => RestResponse | Promise<RestResponse>;

/** Resolves with the port and what ends it. */
export async function serveRest(
  port: number,
  handler: Handler,
): Promise<{ readonly port: number; close(): void }> {
  const server = http.createServer((request, response) => {
    void collect(request)
      .then(async (bytes) => {
        const path = (request.url ?? '').replace(/\?.*/, '');
        const { method = '', headers } = request;
        const isJson = (headers['content-type'] ?? 'application/json').includes('json');
        const body: unknown = isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : bytes;
        return handler({ method, path, headers, body: bytes.length === 0 ? undefined : body });
      })
      .catch((error: unknown) => ({ status: 500, body: { error: String(error) } }))
      .then(({ status = 200, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What another server answers to a JSON body; throws on another status than 200. */
export async function postJson(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

async function collect(request: http.IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
