// The frame loop against node's own HTTP/2 client, and against frames that no client would send.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { createConnection, createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RESPONSE_HEADERS, TRAILERS_OK } from '../response-blocks.ts';
import { MemorySocket } from '../testing/memory-socket.ts';
import { tempDir } from '../testing/real-envoy.ts';
import { randomOf } from '../testing/fuzz.ts';
import {
  FLAG,
  FRAME,
  H2_ERROR,
  PREFACE,
  buildFrame,
  buildSettings,
} from '../../../lib/codecs/http2/frames.ts';
import { ServerSession } from './session.ts';
import type { Http2Stream, StreamHandler } from './session.ts';

/** Sends everything back, in pieces as they came, and ends when the client does. */
class EchoHandler implements StreamHandler {
  readonly #stream: Http2Stream;
  readonly #session: ServerSession;
  readonly #closed: () => void;

  constructor(stream: Http2Stream, session: ServerSession, closed: () => void) {
    this.#stream = stream;
    this.#session = session;
    this.#closed = closed;
    session.sender.headers(stream, RESPONSE_HEADERS, false);
  }

  data(chunk: Buffer, start: number, end: number): void {
    const half = start + ((end - start) >> 1);
    this.#session.sender.data(this.#stream, chunk, start, half, chunk.subarray(half, end));
  }

  end(): void {
    this.#session.sender.end(this.#stream, TRAILERS_OK);
  }

  closed(): void {
    this.#closed();
  }
}

describe('a session with a client of node', () => {
  const dir = tempDir();
  const path = join(dir.path, 'h2.sock');
  const sessions = new Set<ServerSession>();
  let closedStreams = 0;
  let server: Server;

  before(async () => {
    server = createServer((socket) => {
      const session = new ServerSession(
        socket,
        (stream, owner) => new EchoHandler(stream, owner, () => closedStreams++),
        () => sessions.delete(session),
      );
      sessions.add(session);
    });
    server.listen(path);
    await once(server, 'listening');
  });

  after(() => {
    server.close();
    dir.remove();
  });

  function open(settings: object, padded = false): ClientHttp2Session {
    return connect('http://filter', {
      createConnection: () => createConnection(path),
      settings,
      maxSendHeaderBlockLength: 1 << 20,
      paddingStrategy: padded ? constants.PADDING_STRATEGY_MAX : constants.PADDING_STRATEGY_NONE,
    });
  }

  async function echo(stream: ClientHttp2Stream): Promise<{ body: Buffer; status: unknown }> {
    const chunks: Buffer[] = [];
    let status: unknown = null;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('trailers', (received) => (status = received['grpc-status']));
    await once(stream, 'close');
    return { body: Buffer.concat(chunks), status };
  }

  for (const [name, settings, padded] of [
    ['usual windows', {}, false],
    ['padding', {}, true],
    ['windows of a few bytes', { initialWindowSize: 7 }, false],
    ['no window at first', { initialWindowSize: 0 }, false],
    ['large frames', { initialWindowSize: 1 << 22, maxFrameSize: 1 << 20 }, true],
  ] as const) {
    test(`streams interleaved at random come back whole: ${name}`, async () => {
      const random = randomOf(name.length);
      const client = open(settings, padded);
      await once(client, 'remoteSettings');
      const small = 'initialWindowSize' in settings && settings.initialWindowSize < 100;
      const echoes = Array.from({ length: 20 }, async (_, index) => {
        const body = Buffer.alloc(small ? random(400) : random(300_000), index + 1);
        const stream = client.request({ ':method': 'POST' });
        const response = echo(stream);
        for (let at = 0; at < body.length; ) {
          const take = 1 + random(small ? 100 : 60_000);
          stream.write(body.subarray(at, at + take));
          at += take;
          if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        stream.end();
        const { body: received, status } = await response;
        assert.ok(received.equals(body), `stream ${index}`);
        assert.equal(status, '0');
      });
      if (small) client.settings({ initialWindowSize: 65_535 });
      await Promise.all(echoes);
      client.close();
      await once(client, 'close');
    });
  }

  test('a header block of many frames is passed over', async () => {
    const client = open({});
    const headers: Record<string, string> = { ':method': 'POST' };
    for (let index = 0; index < 40; index++) headers[`x-long-${index}`] = 'v'.repeat(2000);
    const stream = client.request(headers);
    const response = echo(stream);
    stream.end('hello');
    assert.equal((await response).body.toString(), 'hello');
    client.close();
  });

  test('a body far over every window comes back whole', async () => {
    const client = open({});
    const body = Buffer.alloc(24 * 1024 * 1024, 'z');
    const stream = client.request({ ':method': 'POST' });
    const response = echo(stream);
    stream.end(body);
    assert.ok((await response).body.equals(body));
    client.close();
  });

  test('a reset stream, a ping and a lost connection are told to who must know', async () => {
    closedStreams = 0;
    const client = open({});
    const stream = client.request({ ':method': 'POST' });
    stream.on('error', () => {});
    await once(stream, 'response');
    stream.close(constants.NGHTTP2_CANCEL);
    await new Promise<void>((resolve) => client.ping((error) => resolve(assert.ifError(error))));
    assert.equal(closedStreams, 1);
    const other = client.request({ ':method': 'POST' });
    other.on('error', () => {});
    await once(other, 'response');
    client.on('error', () => {});
    client.destroy();
    while (closedStreams < 2 || sessions.size > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('a session that drains ends its streams in peace and takes no others', async () => {
    const client = open({});
    const stream = client.request({ ':method': 'POST' });
    const response = echo(stream);
    await once(stream, 'response');
    for (const session of sessions) session.drain();
    await once(client, 'goaway');
    stream.end('last words');
    assert.equal((await response).body.toString(), 'last words');
    await once(client, 'close');
    while (sessions.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('what a peer may not send', () => {
  const settings = buildSettings([]);
  const headers = (id: number, flags: number = FLAG.END_HEADERS) =>
    buildFrame(FRAME.HEADERS, flags, id, Buffer.from([0x83]));
  const frame = (type: number, flags: number, id: number, bytes: number[] | number = 0) =>
    buildFrame(
      type,
      flags,
      id,
      typeof bytes === 'number' ? Buffer.alloc(bytes) : Buffer.from(bytes),
    );

  const CASES: readonly (readonly [string, keyof typeof H2_ERROR, readonly Buffer[]])[] = [
    ['frames before SETTINGS', 'PROTOCOL_ERROR', [frame(FRAME.PING, 0, 0, 8)]],
    ['a ping of seven bytes', 'FRAME_SIZE_ERROR', [settings, frame(FRAME.PING, 0, 0, 7)]],
    ['a ping on a stream', 'PROTOCOL_ERROR', [settings, frame(FRAME.PING, 0, 1, 8)]],
    ['a frame over the limit', 'FRAME_SIZE_ERROR', [settings, frame(FRAME.DATA, 0, 1, 16_385)]],
    ['DATA on stream 0', 'PROTOCOL_ERROR', [settings, frame(FRAME.DATA, 0, 0, 1)]],
    ['DATA on an idle stream', 'PROTOCOL_ERROR', [settings, frame(FRAME.DATA, 0, 1, 1)]],
    [
      'padding as long as the frame',
      'PROTOCOL_ERROR',
      [settings, headers(1), frame(FRAME.DATA, 8, 1, [2, 0])],
    ],
    [
      'DATA with padding but no length',
      'FRAME_SIZE_ERROR',
      [settings, headers(1), frame(FRAME.DATA, 8, 1)],
    ],
    ['headers on an even stream', 'PROTOCOL_ERROR', [settings, headers(2)]],
    ['headers on stream 0', 'PROTOCOL_ERROR', [settings, headers(0)]],
    ['headers twice', 'PROTOCOL_ERROR', [settings, headers(1), headers(1)]],
    ['padding over the headers', 'PROTOCOL_ERROR', [settings, frame(FRAME.HEADERS, 12, 1, [9, 0])]],
    [
      'a block that is not continued',
      'PROTOCOL_ERROR',
      [settings, headers(1, 0), frame(FRAME.PING, 0, 0, 8)],
    ],
    [
      'a block continued elsewhere',
      'PROTOCOL_ERROR',
      [settings, headers(1, 0), frame(FRAME.CONTINUATION, 4, 3, 1)],
    ],
    ['CONTINUATION of nothing', 'PROTOCOL_ERROR', [settings, frame(FRAME.CONTINUATION, 4, 1, 1)]],
    [
      'an endless header block',
      'ENHANCE_YOUR_CALM',
      [
        settings,
        headers(1, 0),
        ...Array.from({ length: 70 }, () => frame(FRAME.CONTINUATION, 0, 1, 1)),
      ],
    ],
    ['a push', 'PROTOCOL_ERROR', [settings, headers(1), frame(FRAME.PUSH_PROMISE, 4, 1, 5)]],
    ['a reset of an idle stream', 'PROTOCOL_ERROR', [settings, frame(FRAME.RST_STREAM, 0, 1, 4)]],
    ['a short reset', 'FRAME_SIZE_ERROR', [settings, headers(1), frame(FRAME.RST_STREAM, 0, 1, 3)]],
    ['a priority of four bytes', 'FRAME_SIZE_ERROR', [settings, frame(FRAME.PRIORITY, 0, 1, 4)]],
    ['a window of nothing', 'PROTOCOL_ERROR', [settings, frame(FRAME.WINDOW_UPDATE, 0, 0, 4)]],
    [
      'a window over the limit',
      'FLOW_CONTROL_ERROR',
      [settings, frame(FRAME.WINDOW_UPDATE, 0, 0, [0x7f, 255, 255, 255])],
    ],
    ['settings of five bytes', 'FRAME_SIZE_ERROR', [frame(FRAME.SETTINGS, 0, 0, 5)]],
    ['settings on a stream', 'PROTOCOL_ERROR', [frame(FRAME.SETTINGS, 0, 1, 6)]],
    ['an ack with content', 'FRAME_SIZE_ERROR', [frame(FRAME.SETTINGS, 1, 0, 6)]],
    ['a window size over the limit', 'FLOW_CONTROL_ERROR', [buildSettings([[4, 2 ** 31]])]],
    ['a frame size under the limit', 'PROTOCOL_ERROR', [buildSettings([[5, 100]])]],
    ['DATA after the end', 'STREAM_CLOSED', [settings, headers(1, 5), frame(FRAME.DATA, 0, 1, 1)]],
    ['another preface', 'PROTOCOL_ERROR', []],
  ];

  for (const [name, error, frames] of CASES) {
    test(`${name}: GOAWAY ${error}, and its streams end`, () => {
      const socket = new MemorySocket();
      let opened = 0;
      let closed = 0;
      let lost = 0;
      const handler = { data: () => {}, end: () => {}, closed: () => closed++ };
      const session = new ServerSession(
        socket.asSocket(),
        () => {
          opened++;
          return handler;
        },
        () => lost++,
      );
      const preface = frames.length === 0 ? Buffer.from('GET / HTTP/1.1\r\n\r\n') : PREFACE;
      socket.receive(Buffer.concat([preface, ...frames]));
      const goaway = socket.written().subarray(-17);
      assert.equal(goaway[3], FRAME.GOAWAY);
      assert.equal(goaway.readUInt32BE(13), H2_ERROR[error]);
      assert.equal(closed, opened);
      assert.equal(lost, 1);
      assert.equal(socket.destroyed, true);
      session.destroy();
    });
  }

  test('unknown frames and frames of streams that are over are passed over', () => {
    const socket = new MemorySocket();
    const session = new ServerSession(
      socket.asSocket(),
      () => ({ data: () => {}, end: () => {}, closed: () => {} }),
      () => {},
    );
    socket.receive(
      Buffer.concat([
        PREFACE,
        settings,
        headers(1),
        frame(FRAME.RST_STREAM, 0, 1, 4),
        frame(77, 255, 9, 30),
        frame(FRAME.DATA, 0, 1, 10),
        headers(1, 5),
        frame(FRAME.WINDOW_UPDATE, 0, 1, [0, 0, 0, 1]),
        frame(FRAME.PRIORITY, 0, 1, 5),
      ]),
    );
    assert.equal(socket.destroyed, false);
    session.destroy();
  });
});
