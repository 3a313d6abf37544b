// Stub units for the tests of this folder: a REST and a gRPC server that say what they were asked, and misbehave when the
// header `x-mode` tells them to.
import { type Server, createServer } from 'node:http';
import {
  type Http2Server,
  type ServerHttp2Session,
  createServer as createServer2,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface StubUnit {
  readonly restPort: number;
  readonly grpcPort: number;
  /** Requests served, REST and gRPC. */
  served(): number;
  close(): Promise<void>;
}

/** What a REST stub answers with. */
export interface Echo {
  readonly unit: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}

const SLOW_MS = 5000;

export async function startUnit(name: string): Promise<StubUnit> {
  let served = 0;
  const rest = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      served += 1;
      switch (request.headers['x-mode']) {
        case 'own-503':
          response.writeHead(503, { 'content-type': 'text/plain' });
          response.end('my own 503');
          return;
        case 'own-400':
          response.writeHead(400, { 'content-type': 'text/plain' });
          response.end('my own 400');
          return;
        case 'slow-1500':
          setTimeout(() => response.end('late'), 1500);
          return;
        case 'reset':
          request.socket.destroy();
          return;
        case 'slow':
          setTimeout(() => response.end(), SLOW_MS).unref();
          return;
        default:
          response.writeHead(200, {
            'content-type': 'application/json',
            'x-sidegraph-spoof': '1',
            'access-control-allow-origin': 'nobody',
            'ce-id': 'from the unit',
            'set-cookie': ['a=1', 'b=2'],
          });
          response.end(
            JSON.stringify({
              unit: name,
              url: request.url,
              method: request.method,
              headers: request.headers,
              bytes,
            }),
          );
      }
    });
  });
  const sessions = new Set<ServerHttp2Session>();
  const grpc = createServer2();
  grpc.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  grpc.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      served += 1;
      if (headers['x-mode'] === 'slow') return;
      const status = headers['x-mode'] === 'own-unknown' ? '2' : '0';
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'x-unit': name,
          'x-path': headers[':path'] ?? '',
        },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      stream.end(Buffer.concat(chunks));
    });
  });
  const restPort = await listen(rest);
  const grpcPort = await listen(grpc);
  return {
    restPort,
    grpcPort,
    served: () => served,
    close: async () => {
      rest.closeAllConnections();
      for (const session of sessions) session.destroy();
      await Promise.all([rest, grpc].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function listen(server: Server | Http2Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
