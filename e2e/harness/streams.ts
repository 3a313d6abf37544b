// Streams of the tests: units that send events or messages one by one, and clients that note when each of them came.
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type Asked, type RestResponse, type RestUnit, frameGrpc, startRestUnit } from './unit.ts';

export interface Arrivals {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** When each piece came, as `performance.now()`. */
  readonly times: readonly number[];
}

/** Posts a body and reads the response piece by piece. */
export function receive(port: number, path: string, body: string): Promise<Arrivals> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method: 'POST', agent: false },
      (response) => {
        const times: number[] = [];
        let text = '';
        response.on('data', (piece: Buffer) => {
          times.push(performance.now());
          text += piece.toString();
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? -1,
            contentType: response.headers['content-type'] ?? '',
            text,
            times,
          }),
        );
      },
    );
    request.setHeader('content-type', 'application/json');
    request.on('error', reject);
    request.end(body);
  });
}

/** The client goes away after the first piece; resolves with the time of that. */
export function leaveEarly(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method: 'POST', agent: false },
      (response) =>
        response.once('data', () => {
          request.destroy();
          resolve(performance.now());
        }),
    );
    request.on('error', () => {});
    request.end('{}');
  });
}

/** `events` came in full, and in as many pieces as they were sent: nothing gathered them. */
export function assertOneByOne(
  { status, contentType, text, times }: Arrivals,
  events: readonly string[],
  pauseMs: number,
): void {
  assert.equal(status, 200, text);
  assert.equal(contentType, 'text/event-stream');
  assert.equal(text, events.join(''));
  assert.equal(times.length, events.length);
  const spread = (times.at(-1) ?? 0) - (times[0] ?? 0);
  assert.ok(spread > pauseMs * (events.length - 2), `events came within ${spread} ms`);
}

export interface EventUnit extends RestUnit {
  /** When its last client went away, or had all. */
  goneAt(): number;
}

/** Sends server-sent events with a pause before each; `instead` answers what no stream is asked for. */
export async function startEventUnit(
  events: readonly string[],
  pauseMs: number,
  instead: (asked: Asked) => RestResponse | undefined = () => undefined,
): Promise<EventUnit> {
  let goneAt = 0;
  const unit = await startRestUnit((asked, response) => {
    const other = instead(asked);
    if (other !== undefined) return other;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(events[sent++]);
      if (sent < events.length) return;
      clearInterval(timer);
      response.end();
    }, pauseMs);
    response.on('close', () => {
      clearInterval(timer);
      goneAt = performance.now();
    });
    return undefined;
  });
  return { ...unit, goneAt: () => goneAt };
}

export interface StreamUnit {
  readonly port: number;
  /** What each call began with, in the order in which the calls came. */
  readonly asked: { readonly path: string; bytes: Buffer }[];
  close(): Promise<void>;
}

/** A gRPC unit whose calls are streams: each piece is echoed as it comes, or `messages` are sent once the client has sent all. */
export async function startStreamUnit(messages?: readonly Buffer[]): Promise<StreamUnit> {
  const asked: { path: string; bytes: Buffer }[] = [];
  const server = http2.createServer();
  server.on('stream', (call, headers) => {
    const one = { path: String(headers[':path']), bytes: Buffer.alloc(0) };
    asked.push(one);
    const respond = (): void =>
      call.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
    if (messages === undefined) respond();
    call.on('wantTrailers', () => call.sendTrailers({ 'grpc-status': '0' }));
    call.on('data', (piece: Buffer) => {
      one.bytes = Buffer.concat([one.bytes, piece]);
      if (messages === undefined) call.write(piece);
    });
    call.on('end', () => {
      if (messages !== undefined) respond();
      for (const message of messages ?? []) call.write(frameGrpc(message));
      call.end();
    });
    call.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface StreamCall {
  write(bytes: Buffer): void;
  /** Resolves when as many bytes have come back; throws after 3 s, and for more than that. */
  until(bytes: number): Promise<void>;
  /** Half-closes and resolves with grpc-status once the call has ended. */
  end(): Promise<string>;
  /** Whatever state it is in. */
  destroy(): void;
}

/** A gRPC call whose messages the test writes one by one. */
export function openStream(port: number, path: string): StreamCall {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let received = 0;
  let status = '';
  call.on('data', (piece: Buffer) => {
    received += piece.length;
  });
  call.on('trailers', (trailers) => {
    status = String(trailers['grpc-status']);
  });
  return {
    write: (bytes) => void call.write(bytes),
    async until(bytes) {
      const end = performance.now() + 3000;
      while (received < bytes && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(received, bytes);
    },
    async end() {
      const closed = new Promise((resolve) => call.on('close', resolve));
      call.end();
      await closed;
      return status;
    },
    destroy: () => session.destroy(),
  };
}
