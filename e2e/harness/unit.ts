// A model server of the tests: answers over REST as it is told and remembers what it was asked. It is the outside world,
// so it is plain `node:http` and `node:http2`.
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Set when the caller went away before the response was written. */
  aborted: boolean;
}

export interface RestResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

export interface RestUnit {
  readonly port: number;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export type RestBehaviour = (
  asked: Asked,
  response: http.ServerResponse,
  socket: Socket,
) => RestResponse | undefined | Promise<RestResponse | undefined>;

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** Starts a unit; a behaviour that returns nothing has written (or refused) the response itself. */
export async function startRestUnit(
  behaviour: RestBehaviour,
  port = 0,
  host = '127.0.0.1',
): Promise<RestUnit> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const one: Asked = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces),
        aborted: false,
      };
      asked.push(one);
      response.on('close', () => {
        one.aborted = !response.writableFinished;
      });
      void Promise.resolve(behaviour(one, response, request.socket)).then((said) => {
        if (said === undefined) return;
        const headers: Record<string, string | string[]> = {};
        for (const [name, value] of Object.entries({ ...JSON_TYPE, ...said.headers })) {
          headers[name] = typeof value === 'string' ? value : [...value];
        }
        response.writeHead(said.status ?? 200, headers);
        response.end(said.body ?? '');
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Answers every call with what it was sent. */
export const echo: RestBehaviour = (asked) => ({
  headers: { 'content-type': asked.headers['content-type'] ?? 'application/json' },
  body: asked.body,
});

export interface GrpcAsked {
  readonly path: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly message: Buffer;
}

export interface GrpcResponse {
  readonly message?: Buffer;
  readonly status?: number;
  readonly statusMessage?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly trailers?: Readonly<Record<string, string>>;
}

export interface GrpcUnit {
  readonly port: number;
  readonly asked: GrpcAsked[];
  close(): Promise<void>;
}

/** A gRPC unit on bytes: one message in, one message (or a status) out. */
export async function startGrpcUnit(
  behaviour: (asked: GrpcAsked) => GrpcResponse | Promise<GrpcResponse>,
  host = '127.0.0.1',
): Promise<GrpcUnit> {
  const asked: GrpcAsked[] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    const pieces: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      const one = {
        path: headers[':path'] ?? '',
        headers,
        message: Buffer.concat(pieces).subarray(5),
      };
      asked.push(one);
      void Promise.resolve(behaviour(one)).then((response) => {
        if (stream.destroyed) return;
        const base = { ':status': 200, 'content-type': 'application/grpc', ...response.headers };
        const trailers = {
          'grpc-status': String(response.status ?? 0),
          ...(response.statusMessage === undefined
            ? {}
            : { 'grpc-message': response.statusMessage }),
          ...response.trailers,
        };
        if (response.message === undefined) {
          stream.respond({ ...base, ...trailers }, { endStream: true });
          return;
        }
        stream.respond(base, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(trailers));
        stream.end(frameGrpc(response.message));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Puts the 5-byte frame of gRPC before a message. */
export function frameGrpc(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
