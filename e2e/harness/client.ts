// The client of the tests: one request over a connection of its own, REST or gRPC, with everything that came back.
import http from 'node:http';
import http2 from 'node:http2';
import { frameGrpc } from './unit.ts';

export interface Reply {
  /** HTTP status, −1 when the connection was cut before a response. */
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly error: string | undefined;
  readonly ms: number;
}

export interface RestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A list is sent as chunks without a content-length. */
  readonly body?: string | Buffer | readonly Buffer[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly agent?: http.Agent;
}

export const PREDICT = '/api/v1.0/predictions';

/** Never rejects: a cut connection is a reply with status −1. */
export function ask(port: number, request: RestRequest = {}): Promise<Reply> {
  const startedAt = performance.now();
  const { body } = request;
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries({
    'content-type': 'application/json',
    ...request.headers,
  })) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  if (typeof body === 'string' || Buffer.isBuffer(body))
    headers['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve) => {
    const finish = (
      status: number,
      replyHeaders: http.IncomingHttpHeaders,
      bytes: Buffer,
      error: string | undefined,
    ): void =>
      resolve({
        status,
        headers: replyHeaders,
        body: bytes,
        text: bytes.toString(),
        error,
        ms: performance.now() - startedAt,
      });
    const outgoing = http.request(
      {
        host: '127.0.0.1',
        port,
        method: request.method ?? 'POST',
        path: request.path ?? PREDICT,
        headers,
        agent: request.agent ?? false,
        timeout: request.timeoutMs ?? 20_000,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', (error) =>
          finish(-1, response.headers, Buffer.concat(pieces), error.message),
        );
        response.on('end', () =>
          finish(response.statusCode ?? -1, response.headers, Buffer.concat(pieces), undefined),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('client timeout')));
    outgoing.on('error', (error) => finish(-1, {}, Buffer.alloc(0), error.message));
    if (body === undefined) outgoing.end();
    else if (typeof body === 'string' || Buffer.isBuffer(body)) outgoing.end(body);
    else {
      for (const piece of body) outgoing.write(piece);
      outgoing.end();
    }
  });
}

export interface GrpcReply {
  /** grpc-status, −1 when the stream ended without one. */
  readonly status: number;
  readonly message: Buffer;
  readonly statusMessage: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
}

export interface GrpcRequest {
  readonly path?: string;
  readonly message?: Buffer;
  /** The message with its frame, in place of `message`: for one that is compressed, or broken. */
  readonly frame?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent after the message. */
  readonly trailers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export function askGrpc(port: number, request: GrpcRequest = {}): Promise<GrpcReply> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const pieces: Buffer[] = [];
    const finish = (): void => {
      clearTimeout(timer);
      session.destroy();
      const all = { ...headers, ...trailers };
      resolve({
        status: all['grpc-status'] === undefined ? -1 : Number(all['grpc-status']),
        message: Buffer.concat(pieces).subarray(5),
        statusMessage: decodeURIComponent(String(all['grpc-message'] ?? '')),
        headers,
        trailers,
      });
    };
    const timer = setTimeout(finish, request.timeoutMs ?? 20_000);
    session.on('error', finish);
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': request.path ?? '/seldon.protos.Seldon/Predict',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...request.headers,
      },
      { waitForTrailers: request.trailers !== undefined },
    );
    stream.on('wantTrailers', () => stream.sendTrailers(request.trailers ?? {}));
    stream.on('response', (values) => {
      headers = values;
    });
    stream.on('trailers', (values) => {
      trailers = values;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => {});
    stream.on('close', finish);
    stream.end(request.frame ?? frameGrpc(request.message ?? Buffer.alloc(0)));
  });
}
