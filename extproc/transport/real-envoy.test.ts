// The filter server behind a real Envoy: what the client and the units see of every kind of outcome.
import { SELDON } from '../../dialects/seldon/dialect.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import type { Client } from '@grpc/grpc-js';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Router } from '../contract/program.ts';
import type { ResponseHead, Message } from '../contract/message.ts';
import { startFilterServer } from './server.ts';
import type { ListeningServer } from './server.ts';
import { findEnvoy, startRealEnvoy, tempDir } from './testing/real-envoy.ts';
import type { RealEnvoy } from './testing/real-envoy.ts';
import { openGrpcClient, startGrpcUnit, startRestUnit } from './testing/units.ts';
import type { Echo } from './testing/units.ts';

const MIB = 1024 * 1024;
const bin = findEnvoy();

interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('the filter server behind a real Envoy', { skip: bin === undefined }, () => {
  /** What the walk does with the next request. */
  let walk: (exchange: Exchange) => void = () => {};
  let envoy: RealEnvoy;
  let filter: ListeningServer;
  let grpc: Client;
  let unitMetadata = new Metadata();
  /** Exchanges that a route was bound for, and those whose route was given back. */
  let bound = 0;
  let released = 0;
  const closers: (() => unknown)[] = [];

  const router: Router = {
    open(routeName) {
      if (routeName !== 'rest' && routeName !== 'grpc') return undefined;
      bound++;
      return {
        grpc: routeName === 'grpc',
        maxBodyBytes: 8 * MIB,
        dialect: SELDON,
        handle: (exchange) => walk(exchange),
        release: () => released++,
      };
    },
  };

  before(async () => {
    const dir = tempDir();
    const socket = join(dir.path, 'filter.sock');
    const log = { error: (fields: object, text: string) => console.error(text, fields) };
    filter = await startFilterServer({
      listen: { path: socket },
      router,
      maxHeldBytes: 64 * MIB,
      log,
      drainMs: 1000,
    });
    const rest = await startRestUnit();
    const unit = await startGrpcUnit((metadata) => (unitMetadata = metadata));
    envoy = await startRealEnvoy(bin ?? '', {
      dir: dir.path,
      filterSocket: socket,
      restUnitPort: rest.port,
      grpcUnitPort: unit.port,
    });
    grpc = openGrpcClient(envoy.port);
    closers.push(
      () => grpc.close(),
      () => envoy.stop(),
      () => filter.close(),
      () => rest.close(),
      () => unit.close(),
      () => dir.remove(),
    );
  });

  after(async () => {
    for (const close of closers) await close();
  });

  function post(
    body: Buffer | string | undefined,
    headers: OutgoingHttpHeaders = {},
    path = '/api/v1.0/predictions?x=1',
  ): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const options = { port: envoy.port, method: 'POST', path, headers, agent: false };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  function call(
    message: Buffer,
    metadata = new Metadata(),
  ): Promise<{
    code: number;
    details: string;
    response: Buffer | undefined;
    head: Metadata;
    trailer: Metadata;
  }> {
    return new Promise((resolve) => {
      let head = new Metadata();
      let response: Buffer | undefined;
      const made = grpc.makeUnaryRequest<Buffer, Buffer>(
        '/seldon.protos.Model/Predict',
        (bytes) => bytes,
        (bytes) => bytes,
        message,
        metadata,
        (_error, value) => (response = value),
      );
      made.on('metadata', (received) => (head = received));
      made.on('status', ({ code, details, metadata: trailer }) =>
        setImmediate(() => resolve({ code, details, response, head, trailer })),
      );
    });
  }

  test('a tail call with another body reaches the unit on its path, whole and typed', async () => {
    walk = (exchange) =>
      exchange.reply(tail('rest', text('{"changed":true}', 'application/json'), '{"r":1}'));
    const { status, headers, body } = await post('hello', {
      'content-type': 'text/plain',
      'content-encoding': 'identity',
      'seldon-routing': 'spoofed',
      'x-kept': 'a',
    });
    assert.equal(status, 200);
    assert.equal(headers['seldon-routing'], '{"r":1}');
    const echo = JSON.parse(body.toString()) as Echo;
    assert.equal(echo.url, '/predict');
    assert.equal(echo.head, '{"changed":true}');
    assert.equal(echo.headers['content-length'], '16');
    assert.equal(echo.headers['content-type'], 'application/json');
    assert.equal(echo.headers['content-encoding'], undefined);
    assert.equal(echo.headers['seldon-routing'], undefined);
    assert.equal(echo.headers['x-kept'], 'a');
  });

  test("a tail call with the client's own body passes it untouched", async () => {
    walk = (exchange) => exchange.reply(tail('rest', exchange.message));
    const { body } = await post('hello', { 'content-type': 'text/plain' });
    const echo = JSON.parse(body.toString()) as Echo;
    assert.equal(echo.head, 'hello');
    assert.equal(echo.headers['content-type'], 'text/plain');
    assert.equal(echo.headers['content-length'], '5');
  });

  test('a chunked request is given a content length, whether its body changes or not', async () => {
    walk = (exchange) => exchange.reply(tail('rest', text('longer than before', 'text/plain')));
    const changed = await post('hello', { 'transfer-encoding': 'chunked' });
    const longer = JSON.parse(changed.body.toString()) as Echo;
    assert.equal(longer.head, 'longer than before');
    assert.equal(longer.headers['content-length'], '18');
    assert.equal(longer.headers['transfer-encoding'], undefined);
    walk = (exchange) => exchange.reply(tail('rest', exchange.message));
    const passed = await post('hello', { 'transfer-encoding': 'chunked' });
    const same = JSON.parse(passed.body.toString()) as Echo;
    assert.equal(same.head, 'hello');
    assert.equal(same.headers['content-length'], '5');
    assert.equal(same.headers['transfer-encoding'], undefined);
  });

  test('a body that comes slowly holds no stream to the filter', async () => {
    walk = (exchange) => exchange.reply(tail('rest', exchange.message));
    const before = bound;
    const request = httpRequest({ port: envoy.port, method: 'POST', path: '/', agent: false });
    const answered = once(request, 'response');
    for (const piece of ['one ', 'two ', 'three']) {
      request.write(piece);
      await sleep(30);
      assert.equal(bound, before);
    }
    request.end();
    const [response] = (await answered) as [IncomingMessage];
    const chunks = (await response.toArray()) as Buffer[];
    const echo = JSON.parse(Buffer.concat(chunks).toString()) as Echo;
    assert.equal(echo.head, 'one two three');
    assert.equal(bound, before + 1);
  });

  test('REST over HTTP/2, with trailers too, reaches an HTTP/1.1 unit whole', async () => {
    walk = (exchange) => exchange.reply(tail('rest', text('changed', undefined)));
    const session = connectHttp2(`http://127.0.0.1:${envoy.port}`);
    const request = session.request(
      { ':method': 'POST', ':path': '/' },
      { waitForTrailers: true, endStream: false },
    );
    request.on('wantTrailers', () => request.sendTrailers({ 'x-checksum': '7' }));
    request.end('hello');
    const chunks = (await request.toArray()) as Buffer[];
    const echo = JSON.parse(Buffer.concat(chunks).toString()) as Echo;
    assert.equal(echo.head, 'changed');
    assert.equal(echo.headers['content-length'], '7');
    session.close();
  });

  test('a body may become empty', async () => {
    walk = (exchange) => exchange.reply(tail('rest', text('', undefined)));
    const { status, body } = await post('hello', { 'content-type': 'text/plain' });
    assert.equal(status, 200);
    const echo = JSON.parse(body.toString()) as Echo;
    assert.equal(echo.bytes, 0);
    assert.equal(echo.headers['content-length'], '0');
    assert.equal(echo.headers['content-type'], undefined);
  });

  test('an empty POST can be given a body, and can stay empty', async () => {
    walk = (exchange) => exchange.reply(tail('rest', text('{"a":1}', 'application/json')));
    const given = JSON.parse(
      (await post(undefined, { 'content-length': 0 })).body.toString(),
    ) as Echo;
    assert.equal(given.head, '{"a":1}');
    assert.equal(given.headers['content-length'], '7');
    assert.equal(given.headers['content-type'], 'application/json');
    assert.equal(given.url, '/predict');
    walk = (exchange) => exchange.reply(tail('rest', exchange.message));
    const empty = JSON.parse(
      (await post(undefined, { 'content-length': 0 })).body.toString(),
    ) as Echo;
    assert.equal(empty.bytes, 0);
    assert.equal(empty.url, '/predict');
  });

  test('a response carries status, headers (repeated ones too), type, routing and body', async () => {
    walk = (exchange) =>
      exchange.reply({
        kind: 'response',
        status: 200,
        message: {
          ...text('{"ok":1}', 'application/json'),
          head: head([
            'set-cookie',
            'a=1',
            'x-one',
            'é',
            'set-cookie',
            'b=2',
            'x-bad',
            'a\r\nb: c',
          ]),
        },
        routing: '{"r":0}',
      });
    const { status, headers, body } = await post('hello', { 'x-case': 'response' });
    assert.equal(status, 200);
    assert.equal(body.toString(), '{"ok":1}');
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], '8');
    assert.equal(headers['seldon-routing'], '{"r":0}');
    assert.equal(headers['x-one'], 'é');
    assert.equal(headers['x-bad'], undefined);
    await seeLog('LOG response 200 sidegraph {"r":0}');
  });

  test('statuses of units that no list knows pass, and empty responses too', async () => {
    for (const code of [204, 400, 418, 499, 520, 599]) {
      walk = (exchange) =>
        exchange.reply({
          kind: 'response',
          status: code,
          message: text('', undefined),
          routing: '',
        });
      const { status, body } = await post('hello');
      assert.equal(status, code);
      assert.equal(body.length, 0);
    }
  });

  test('an error is JSON with its code', async () => {
    walk = (exchange) =>
      exchange.reply({ kind: 'error', code: 'ROUTE_OUT_OF_RANGE', info: 'r: 7', routing: '' });
    const { status, headers, body } = await post('hello');
    assert.equal(status, 500);
    assert.equal(headers['sidegraph-error'], 'ROUTE_OUT_OF_RANGE');
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body.toString()), {
      status: { code: 500, info: 'r: 7', status: 'FAILURE' },
    });
  });

  test('a route whose plan is unknown and a walk that throws are answered', async () => {
    const lost = await post('hello', {}, '/lost');
    assert.equal(lost.status, 503);
    assert.equal(lost.headers['sidegraph-error'], 'PLAN_UNKNOWN');
    assert.equal(lost.headers['retry-after'], '1');
    const error = console.error;
    console.error = () => {};
    walk = () => {
      throw new Error('a bug');
    };
    const thrown = await post('hello');
    console.error = error;
    assert.equal(thrown.status, 500);
    assert.equal(thrown.headers['sidegraph-error'], 'INTERNAL');
  });

  test('big bodies pass both ways; over the limit they are refused', async () => {
    const big = Buffer.alloc(5 * MIB, 'a');
    walk = (exchange) => exchange.reply(tail('rest', exchange.message));
    assert.equal((JSON.parse((await post(big)).body.toString()) as Echo).bytes, 5 * MIB);
    const other = Buffer.alloc(6 * MIB, 'b');
    walk = (exchange) => exchange.reply(tail('rest', { ...exchange.message, body: other }));
    assert.equal((JSON.parse((await post(big)).body.toString()) as Echo).bytes, 6 * MIB);
    walk = (exchange) =>
      exchange.reply({ kind: 'response', status: 200, message: exchange.message, routing: '' });
    const { body } = await post(big);
    assert.ok(body.equals(big));
    const refused = await post(Buffer.alloc(9 * MIB));
    assert.equal(refused.status, 413);
    assert.equal(refused.headers['sidegraph-error'], 'BODY_TOO_LARGE');
  });

  test('a client that goes away cancels its request', async () => {
    // What the tests before asked for may still be ending.
    while (released < bound) await sleep(5);
    [bound, released] = [0, 0];
    const cancelled = new Promise<number>((resolve) => {
      walk = (exchange) => {
        const began = performance.now();
        exchange.onCancel(() => {
          assert.equal(exchange.cancelled, true);
          resolve(performance.now() - began);
          exchange.reply(tail('rest', exchange.message));
        });
        request.destroy();
      };
    });
    const request = httpRequest({ port: envoy.port, method: 'POST', path: '/', agent: false });
    request.on('error', () => {});
    request.end('hello');
    assert.ok((await cancelled) < 900, 'at once, not after a timeout');
    while (released < bound) await sleep(5);
    assert.deepEqual([bound, released], [1, 1]);
    assert.equal(filter.heldBytes(), 0);
  });

  test('a gRPC tail call reaches the unit with its message, and its trailers the client', async () => {
    walk = (exchange) => {
      const body = Buffer.concat([exchange.message.body, Buffer.from('!')]);
      exchange.reply(tail('grpc', { ...exchange.message, body }, '{"r":2}'));
    };
    const metadata = new Metadata();
    metadata.set('x-mine', 'yes');
    const { code, response, head: received, trailer } = await call(Buffer.from('hello'), metadata);
    assert.equal(code, 0);
    assert.equal(response?.toString(), 'hello!');
    assert.deepEqual(unitMetadata.get('x-mine'), ['yes']);
    assert.deepEqual(unitMetadata.get('x-sidegraph-unit'), ['m/predict/grpc']);
    assert.deepEqual(received.get('seldon-routing'), ['{"r":2}']);
    assert.deepEqual(trailer.get('calls'), ['1']);
  });

  test('gRPC messages of any size, empty and compressed ones too, pass through the filter', async () => {
    walk = (exchange) => exchange.reply(tail('grpc', exchange.message));
    for (const bytes of [0, 1, 64 * 1024 - 5, 64 * 1024, 5 * MIB]) {
      const { code, response } = await call(Buffer.alloc(bytes, 'x'));
      assert.equal(code, 0);
      assert.equal(response?.length, bytes);
    }
    const gzip = openGrpcClient(envoy.port, { 'grpc.default_compression_algorithm': 2 });
    const seen = await new Promise<Buffer | undefined>((resolve, reject) => {
      let size = 0;
      walk = (exchange) => {
        size = exchange.message.body.length;
        exchange.reply(tail('grpc', exchange.message));
      };
      gzip.makeUnaryRequest<Buffer, Buffer>(
        '/seldon.protos.Model/Predict',
        (bytes) => bytes,
        (bytes) => bytes,
        Buffer.alloc(5000, 'z'),
        (error, value) => (error === null && size === 5000 ? resolve(value) : reject(error)),
      );
    });
    gzip.close();
    assert.equal(seen?.length, 5000);
  });

  test('a gRPC response of the filter is a message with headers and trailers', async () => {
    for (const bytes of [0, 10, 3 * MIB]) {
      walk = (exchange) =>
        exchange.reply({
          kind: 'response',
          status: 200,
          message: {
            ...text('', undefined),
            body: Buffer.alloc(bytes, 'y'),
            head: head(['x-a', '1']),
          },
          routing: '{"r":-2}',
        });
      const { code, response, head: received } = await call(Buffer.from('hello'));
      assert.equal(code, 0);
      assert.equal(response?.length, bytes);
      assert.deepEqual(received.get('x-a'), ['1']);
      assert.deepEqual(received.get('seldon-routing'), ['{"r":-2}']);
    }
  });

  test('gRPC errors keep status, message and metadata', async () => {
    walk = (exchange) =>
      exchange.reply({
        kind: 'grpc-error',
        grpcStatus: 9,
        grpcMessage: 'not 50% ready – ü',
        head: head(['x-why', 'because']),
        routing: '{"r":1}',
      });
    const unit = await call(Buffer.from('hello'));
    assert.equal(unit.code, 9);
    assert.equal(unit.details, 'not 50% ready – ü');
    assert.deepEqual(unit.trailer.get('x-why'), ['because']);
    walk = (exchange) =>
      exchange.reply({ kind: 'error', code: 'UNIT_TIMEOUT', info: 'm: 5 ms', routing: '' });
    const own = await call(Buffer.from('hello'));
    assert.equal(own.code, 4);
    assert.equal(own.details, 'UNIT_TIMEOUT: m: 5 ms');
    assert.deepEqual(own.trailer.get('sidegraph-error'), ['UNIT_TIMEOUT']);
    const large = await call(Buffer.alloc(9 * MIB));
    assert.equal(large.code, 8);
  });

  test('many requests side by side get their own responses', async () => {
    walk = (exchange) => {
      const { message } = exchange;
      setTimeout(
        () => exchange.reply(tail('rest', { ...message, body: Buffer.from(message.body) })),
        2,
      );
    };
    const responses = await Promise.all(
      Array.from({ length: 100 }, (_, index) => post(`body ${index}`)),
    );
    for (const [index, { body }] of responses.entries()) {
      assert.equal((JSON.parse(body.toString()) as Echo).head, `body ${index}`);
    }
    await sleep(50);
    assert.equal(filter.heldBytes(), 0);
  });

  async function seeLog(line: string): Promise<void> {
    for (let attempt = 0; attempt < 100 && !envoy.log().includes(line); attempt++) await sleep(20);
    assert.ok(envoy.log().includes(line), envoy.log());
  }
});

function text(body: string, contentType: string | undefined): Message {
  return {
    body: Buffer.from(body),
    contentType,
    layout: undefined,
    contentEncoding: undefined,
    head: undefined,
  };
}

function tail(transport: 'rest' | 'grpc', message: Message, routing = ''): Outcome {
  const key = `m/predict/${transport}`;
  const path = transport === 'rest' ? '/predict' : '/seldon.protos.Model/Predict';
  return { kind: 'tail', key, path, message, routing };
}

function head(entries: readonly string[]): ResponseHead {
  return { status: 200, find: () => undefined, entries: () => entries };
}
