// A gRPC unit on node:http2, for tests: every request goes to a handler that answers on the raw stream.
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface H2Request {
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  readonly headers: IncomingHttpHeaders;
  /** With the 5-byte frame. */
  readonly body: Buffer;
  /** Position of the connection among those accepted, and of the request among all, from 0. */
  readonly connection: number;
  readonly turn: number;
}

export interface H2Server {
  readonly port: number;
  readonly requests: readonly H2Request[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** `early`: the handler is called at the headers, without waiting for the body; `path`: a unix socket instead of a port. */
export async function startH2Server(
  handle: (request: H2Request) => void,
  options: { readonly settings?: Settings; readonly early?: boolean; readonly path?: string } = {},
): Promise<H2Server> {
  const sessions: ServerHttp2Session[] = [];
  const requests: H2Request[] = [];
  const server = createServer({ settings: options.settings ?? {} });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    const pieces: Buffer[] = [];
    const session = stream.session as ServerHttp2Session;
    const act = (): void => {
      const connection = sessions.indexOf(session);
      const body = Buffer.concat(pieces);
      const request = { stream, session, headers, body, connection, turn: requests.length };
      requests.push(request);
      handle(request);
    };
    stream.on('error', () => {});
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    if (options.early === true) act();
    else stream.on('end', act);
  });
  server.on('sessionError', () => {});
  await new Promise<void>((resolve) => {
    if (options.path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(options.path, resolve);
  });
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    requests,
    connections: () => sessions.length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** A message in its frame. */
export function framed(message: Buffer | string, compressed = 0): Buffer {
  const bytes = Buffer.from(message as string);
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Answers as a well-behaved unit does: headers, one message, trailers. */
export function answerOk(
  { stream }: { readonly stream: ServerHttp2Stream },
  message: Buffer | string,
  headers: Record<string, string> = {},
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', ...headers },
    { waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(Buffer.isBuffer(message) ? message : framed(message));
}

/** Answers with headers alone, as gRPC servers do for errors. */
export function answerOnly(
  { stream }: { readonly stream: ServerHttp2Stream },
  headers: Record<string, string | number>,
): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', ...headers },
    { endStream: true },
  );
}
