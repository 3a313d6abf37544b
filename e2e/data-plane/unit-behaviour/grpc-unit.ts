// A gRPC unit on node:http2, which answers as the behaviour that the header `x-behave` names has it, down to frames and
// resets.
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

export type Headers = Readonly<http2.OutgoingHttpHeaders>;

export type Play = (stream: http2.ServerHttp2Stream, session: http2.ServerHttp2Session) => void;

export interface GrpcScript {
  /** Plays at the headers of the request. */
  readonly early?: boolean;
  readonly play: Play;
}

export async function startRawGrpcUnit(
  find: (name: string) => GrpcScript | undefined,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer({ maxSendHeaderBlockLength: 1_000_000 });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const script = find(String(headers['x-behave'] ?? ''));
    const session = stream.session as http2.ServerHttp2Session;
    stream.resume();
    if (script === undefined) stream.close(http2.constants.NGHTTP2_CANCEL);
    else if (script.early === true) script.play(stream, session);
    else stream.on('end', () => script.play(stream, session));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A message in its frame. */
export function framed(message: Buffer | string, flag = 0): Buffer {
  const bytes = Buffer.from(message as string);
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Headers, this body, these trailers; without trailers the body ends the stream. */
export function answer(body: Buffer, trailers: Headers | undefined, headers: Headers = {}): Play {
  return (stream) => {
    if (stream.destroyed) return;
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...headers },
      { waitForTrailers: trailers !== undefined },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }));
    stream.end(body);
  };
}

/** Headers alone. */
export function headersOnly(headers: Headers): Play {
  return (stream) =>
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...headers },
      { endStream: true },
    );
}
