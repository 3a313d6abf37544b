// The server as a process meets it: listening, overload, broken peers, closing.
import { SELDON } from '../../dialects/seldon/dialect.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import type { Exchange } from '../contract/exchange.ts';
import type { Router } from '../contract/program.ts';
import { FLAG, FRAME, PREFACE, buildFrame, buildSettings } from '../../lib/codecs/http2/frames.ts';
import { startFilterServer } from './server.ts';
import type { ListeningServer } from './server.ts';
import { tempDir } from './testing/real-envoy.ts';
import { loadExtProc } from './testing/reference/wire.ts';

const MIB = 1024 * 1024;

interface Immediate {
  readonly immediate_response?: {
    readonly status: { readonly code: number };
    readonly headers: { readonly set_headers: readonly { readonly header: { key: string } }[] };
  };
}

describe('the filter server', () => {
  const dir = tempDir();
  const path = join(dir.path, 'filter.sock');
  const Client = loadExtProc();
  let server: ListeningServer;
  let client: Client;
  let handled: Exchange[] = [];
  let released = 0;
  const router: Router = {
    open: () => ({
      grpc: false,
      maxBodyBytes: 1_000_000,
      dialect: SELDON,
      handle: (exchange) => handled.push(exchange),
      release: () => released++,
    }),
  };
  const large: Router = {
    open: () => ({
      grpc: false,
      maxBodyBytes: 8 * MIB,
      dialect: SELDON,
      handle: (exchange) => handled.push(exchange),
      release: () => released++,
    }),
  };
  const log = { error: () => {} };

  before(async () => {
    server = await startFilterServer({ listen: { path }, router, maxHeldBytes: 120_000, log });
    client = new Client(`unix:${path}`, credentials.createInsecure());
  });

  beforeEach(() => {
    handled = [];
    released = 0;
  });

  after(async () => {
    client.close();
    await server.close();
    dir.remove();
  });

  function open(over: Client = client): ClientDuplexStream<object, Immediate> {
    const process = over['Process' as keyof Client] as unknown as () => ClientDuplexStream<
      object,
      Immediate
    >;
    const call = process.call(over);
    call.on('error', () => {});
    call.write({ request_headers: { headers: { headers: [] }, end_of_stream: false } });
    return call;
  }

  function sendBody(call: ClientDuplexStream<object, Immediate>, bytes: number): void {
    call.write({ request_body: { body: Buffer.alloc(bytes), end_of_stream: true } });
  }

  async function until(condition: () => boolean): Promise<void> {
    const limit = performance.now() + 10_000;
    while (!condition()) {
      assert.ok(performance.now() < limit, `waited in vain for ${String(condition)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('memory of a body is used again after a request that Envoy ended, not after one that was cancelled', async () => {
    const answered = open();
    sendBody(answered, 90_000);
    await until(() => handled.length === 1);
    assert.equal(server.idleBodyBytes(), 0);
    handled[0]?.reply({ kind: 'error', code: 'INTERNAL', info: '', routing: '' });
    await once(answered, 'data');
    answered.end();
    await until(() => released === 1);
    const idle = server.idleBodyBytes();
    assert.ok(idle > 90_000, String(idle));

    // As Envoy ends a stream: with a reset, once it has its reply.
    const reset = open();
    sendBody(reset, 90_000);
    await until(() => handled.length === 2);
    assert.equal(server.idleBodyBytes(), 0, 'the same memory is taken');
    handled[1]?.reply({ kind: 'error', code: 'INTERNAL', info: '', routing: '' });
    await once(reset, 'data');
    reset.cancel();
    await until(() => released === 2);
    assert.equal(server.idleBodyBytes(), idle);

    const cancelled = open();
    sendBody(cancelled, 90_000);
    await until(() => handled.length === 3);
    assert.equal(server.idleBodyBytes(), 0, 'the same memory is taken');
    cancelled.cancel();
    await until(() => released === 3);
    assert.equal(server.idleBodyBytes(), 0);
  });

  test('above the bytes that may be held, requests are answered 503 until others end', async () => {
    const first = open();
    sendBody(first, 90_000);
    await until(() => handled.length === 1);
    assert.ok(server.heldBytes() > 90_000);
    const second = open();
    sendBody(second, 40_000);
    const [refused] = (await once(second, 'data')) as [Immediate];
    assert.equal(refused.immediate_response?.status.code, 503);
    const names = refused.immediate_response?.headers.set_headers.map(({ header }) => header.key);
    assert.deepEqual(names, ['content-type', 'sidegraph-error', 'retry-after']);
    assert.equal(server.refusals(), 1);
    first.cancel();
    await until(() => handled[0]?.cancelled === true);
    second.end();
    const third = open();
    sendBody(third, 20_000);
    await until(() => handled.length === 2);
    third.cancel();
    await until(() => released === 3);
    assert.equal(server.heldBytes(), 0);
  });

  test('a body in pieces is one body, and just its bytes are held', async () => {
    const call = open();
    for (const letter of 'abc') {
      call.write({ request_body: { body: Buffer.alloc(10_000, letter), end_of_stream: false } });
    }
    call.write({ request_body: { body: Buffer.alloc(0), end_of_stream: true } });
    await until(() => handled.length === 1);
    const body = handled[0]?.message.body;
    assert.equal(body?.toString(), 'a'.repeat(10_000) + 'b'.repeat(10_000) + 'c'.repeat(10_000));
    assert.ok(server.heldBytes() < 35_000, String(server.heldBytes()));
    call.cancel();
    await until(() => released === 1);
    assert.equal(server.heldBytes(), 0);
  });

  test('a large body that stands still goes when another one needs the room', async () => {
    const own = join(dir.path, 'yielding.sock');
    const options = {
      listen: { path: own },
      router: large,
      maxHeldBytes: 9 * MIB,
      log,
      drainMs: 0,
    };
    const full = await startFilterServer(options);
    const other = new Client(`unix:${own}`, credentials.createInsecure());
    const stalled = open(other);
    for (let piece = 0; piece < 3; piece++) {
      stalled.write({ request_body: { body: Buffer.alloc(1_200_000), end_of_stream: false } });
    }
    await until(() => full.heldBytes() > 4_800_000);
    const answered = once(stalled, 'data') as Promise<[Immediate]>;
    const small = open(other);
    sendBody(small, 4_000_000);
    await until(() => handled.length === 1);
    const [refused] = await answered;
    assert.equal(refused.immediate_response?.status.code, 503);
    assert.equal(full.refusals(), 1);
    small.cancel();
    stalled.cancel();
    await until(() => full.heldBytes() === 0);
    other.close();
    await full.close();
  });

  test('a body that comes after its request was answered is not held', async () => {
    const call = open();
    sendBody(call, 50_000);
    await until(() => handled.length === 1);
    handled[0]?.reply({ kind: 'error', code: 'INTERNAL', info: '', routing: '' });
    await once(call, 'data');
    const before = server.heldBytes();
    call.write({ request_body: { body: Buffer.alloc(70_000), end_of_stream: true } });
    // Passed unchanged, and by then what was written before is read.
    call.write({ response_headers: { headers: { headers: [] } } });
    await once(call, 'data');
    assert.ok(server.heldBytes() - before < 1000, String(server.heldBytes() - before));
    call.cancel();
    await until(() => released === 1);
    assert.equal(server.heldBytes(), 0);
  });

  test('a lost connection cancels its requests', async () => {
    const { requestSerialize } = Client.service['Process'] ?? {};
    const message = requestSerialize?.({ request_headers: { end_of_stream: true } });
    assert.ok(message);
    const head = Buffer.from([0, 0, 0, 0, message.length]);
    const raw = connect(path);
    raw.write(PREFACE);
    raw.write(buildSettings([]));
    raw.write(buildFrame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.from([0x83])));
    raw.write(buildFrame(FRAME.DATA, 0, 1, Buffer.concat([head, message])));
    await until(() => handled.length === 1);
    let told = 0;
    handled[0]?.onCancel(() => {
      throw new Error('a bug in a listener');
    });
    handled[0]?.onCancel(() => told++);
    raw.destroy();
    await until(() => released === 1);
    assert.equal(told, 1);
  });

  test('bytes that are no ProcessingRequest end their stream with status 13', async () => {
    const call = open();
    const bad = Buffer.from([0x22, 0x7f, 1]);
    const { path: method } = Client.service['Process'] ?? { path: '' };
    const other = client.makeBidiStreamRequest<Buffer, Buffer>(
      method,
      (bytes) => bytes,
      (bytes) => bytes,
    );
    other.on('error', () => {});
    other.resume();
    other.write(bad);
    // Not `once`: it would fail with the error that comes first.
    const code = await new Promise((resolve) => {
      other.on('status', (status) => resolve(status.code));
    });
    assert.equal(code, 13);
    call.write({ request_body: { body: Buffer.alloc(1), end_of_stream: true } });
    await until(() => handled.length === 1);
    call.cancel();
  });

  test('a peer that speaks no HTTP/2 loses its connection, and nobody else does', async () => {
    const good = open();
    const raw = connect(path);
    raw.end('GET / HTTP/1.1\r\n\r\n');
    raw.resume();
    await once(raw, 'close');
    good.write({ request_body: { body: Buffer.alloc(1), end_of_stream: true } });
    await until(() => handled.length === 1);
    good.cancel();
  });

  test('a closing server lets requests in flight end', async () => {
    const own = join(dir.path, 'closing.sock');
    const options = { listen: { path: own }, router, maxHeldBytes: 120_000, log, drainMs: 5000 };
    const closing = await startFilterServer(options);
    const other = new Client(`unix:${own}`, credentials.createInsecure());
    const call = open(other);
    sendBody(call, 10);
    await until(() => handled.length === 1);
    const closed = closing.close();
    handled[0]?.reply({ kind: 'error', code: 'INTERNAL', info: '', routing: '' });
    const [response] = (await once(call, 'data')) as [Immediate];
    assert.equal(response.immediate_response?.status.code, 500);
    call.end();
    await closed;
    other.close();
  });

  test('a closing server does not wait for ever', async () => {
    const own = join(dir.path, 'stuck.sock');
    const options = { listen: { path: own }, router, maxHeldBytes: 120_000, log, drainMs: 50 };
    const closing = await startFilterServer(options);
    const other = new Client(`unix:${own}`, credentials.createInsecure());
    sendBody(open(other), 10);
    await until(() => handled.length === 1);
    await closing.close();
    assert.equal(handled[0]?.cancelled, true);
    other.close();
  });

  test('a path that cannot be listened on is an error of the start', async () => {
    const listen = { path: join(dir.path, 'no', 'such', 'folder') };
    await assert.rejects(startFilterServer({ listen, router, maxHeldBytes: 1, log }));
  });
});
