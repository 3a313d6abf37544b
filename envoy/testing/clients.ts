// Small clients for the tests: one REST request, one gRPC call, whole responses.
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { type IncomingHttpHeaders as Http2Headers, connect } from 'node:http2';
import { connect as netConnect } from 'node:net';

export interface RestResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RestRequest {
  readonly port?: number;
  readonly socketPath?: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent chunked when it is a list. */
  readonly body?: string | Buffer | readonly Buffer[];
}

export function rest(asked: RestRequest): Promise<RestResponse> {
  const { body = '', headers = {}, method = 'POST' } = asked;
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      {
        host: '127.0.0.1',
        ...(asked.port === undefined ? {} : { port: asked.port }),
        ...(asked.socketPath === undefined ? {} : { socketPath: asked.socketPath }),
        path: asked.path,
        method,
        headers: { ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    call.on('error', reject);
    if (Array.isArray(body)) {
      for (const chunk of body as readonly Buffer[]) call.write(chunk);
      call.end();
    } else {
      call.end(body as string | Buffer);
    }
  });
}

export interface GrpcResponse {
  readonly status: number;
  readonly message: string;
  readonly headers: Http2Headers;
  /** Bytes of the response, frames included. */
  readonly bytes: number;
}

/** `place`: a port, or the path of a socket. */
export function grpc(
  place: number | string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  messageBytes = 10,
): Promise<GrpcResponse> {
  return new Promise((resolve, reject) => {
    const session =
      typeof place === 'number'
        ? connect(`http://127.0.0.1:${place}`)
        : connect('http://socket', { createConnection: () => netConnect(place) });
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let first: Http2Headers = {};
    let last: Http2Headers = {};
    let bytes = 0;
    stream.on('response', (got) => {
      first = got;
    });
    stream.on('trailers', (got) => {
      last = got;
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      const both = { ...first, ...last };
      resolve({
        status: Number(both['grpc-status'] ?? -1),
        message: decodeURIComponent(String(both['grpc-message'] ?? '')),
        headers: first,
        bytes,
      });
    });
    const frame = Buffer.alloc(5 + messageBytes);
    frame.writeUInt32BE(messageBytes, 1);
    stream.end(frame);
  });
}

/** What comes back for a request that is written as it is, until the connection is closed. */
export function say(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = netConnect(port, '127.0.0.1', () => socket.write(text));
    let response = '';
    socket.on('data', (chunk: Buffer) => {
      response += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(response));
    socket.on('error', reject);
  });
}
