// The same sequences of ProcessingRequests to the served filter server and to its reference on grpc-js: both must answer with
// the same ProcessingResponses and end the stream the same way.
import { SELDON } from '../../dialects/seldon/dialect.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { credentials } from '@grpc/grpc-js';
import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Router } from '../contract/program.ts';
import { startFilterServer } from './server.ts';
import type { ListeningServer } from './server.ts';
import { tempDir } from './testing/real-envoy.ts';
import { startReferenceServer } from './testing/reference/server.ts';
import { loadExtProc } from './testing/reference/wire.ts';
import type { PlainRequest, PlainResponse } from './testing/reference/wire.ts';

type ProcessCall = ClientDuplexStream<PlainRequest, PlainResponse>;

interface Step {
  readonly send: object;
  /** How many responses are waited for before the next step. */
  readonly expect: number;
}

interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly walk?: (exchange: Exchange) => void;
}

const MAX_BODY_BYTES = 200_000;
const HEAD = { status: 200, find: () => undefined };

const CASES: readonly Case[] = [
  {
    name: 'REST: tail with another body, type and routing',
    steps: [
      open('rest', {
        'content-type': 'text/plain',
        'content-encoding': 'br',
        'seldon-routing': 'x',
      }),
      body('hello'),
    ],
    walk: (exchange) => exchange.reply(tail(exchange, '{"a":1}', 'application/json', '{"r":1}')),
  },
  {
    name: 'REST: tail with the body of the client',
    steps: [open('rest', { 'content-type': 'text/plain' }), body('hello')],
    walk: (exchange) =>
      exchange.reply({ ...tail(exchange, '', undefined, ''), message: exchange.message }),
  },
  {
    name: 'REST: tail with an empty body, with a large one',
    steps: [open('rest', { 'content-type': 'text/plain' }), body('', 4)],
    walk: (exchange) => exchange.reply(tail(exchange, 'y'.repeat(150_000), undefined, '')),
  },
  {
    name: 'REST: tail without a body, where the client had one in two pieces',
    steps: [open('rest', {}), piece(Buffer.from('hel'), false, 0), body('lo')],
    walk: (exchange) => {
      assert.equal(exchange.message.body.toString(), 'hello');
      exchange.reply(tail(exchange, '', undefined, ''));
    },
  },
  {
    name: 'REST: trailers of the client: the body goes with the headers',
    steps: [
      open('rest', {}),
      piece(Buffer.from('hello'), false, 0),
      { send: { request_trailers: { trailers: { headers: [] } } }, expect: 1 },
    ],
    walk: (exchange) => exchange.reply(tail(exchange, 'x', undefined, '')),
  },
  {
    name: 'REST: no body, tail without one',
    steps: [open('rest', {}, true, 1)],
    walk: (exchange) =>
      exchange.reply({ ...tail(exchange, '', undefined, ''), message: exchange.message }),
  },
  {
    name: 'REST: no body, tail with one',
    steps: [open('rest', {}, true, 1)],
    walk: (exchange) => exchange.reply(tail(exchange, '{}', 'application/json', '')),
  },
  {
    name: 'REST: response with repeated, unsafe and reserved headers',
    steps: [open('rest', {}), body('hello', 1)],
    walk: (exchange) =>
      exchange.reply({
        kind: 'response',
        status: 201,
        message: {
          body: Buffer.from('{"ok":"ü"}'),
          contentType: 'application/json',
          layout: undefined,
          contentEncoding: 'gzip',
          head: {
            ...HEAD,
            entries: () =>
              [
                ['set-cookie', 'a=1', 'x-latin', 'é', 'set-cookie', 'b=2', 'x-bad', 'a\nb'],
                ['content-type', 'no', 'content-length', '7', 'seldon-routing', 'no'],
                ['x-wide', '→', 'set-cookie', 'c=3', 'x-empty', ''],
              ].flat(),
          },
        },
        routing: '{"r":0}',
      }),
  },
  {
    name: 'REST: errors, with and without retry-after',
    steps: [open('rest', {}), body('hello', 1)],
    walk: (exchange) =>
      exchange.reply({ kind: 'error', code: 'OVERLOADED', info: 'full', routing: '{"r":9}' }),
  },
  {
    name: 'REST: trailers and no body',
    steps: [
      open('rest', {}),
      { send: { request_trailers: { trailers: { headers: [] } } }, expect: 1 },
    ],
    walk: (exchange) => exchange.reply(tail(exchange, '', undefined, '')),
  },
  {
    name: 'REST: an unknown plan, and then the response phases of the local reply',
    steps: [
      open('none', {}, false, 1),
      { send: { response_headers: { headers: { headers: [] } } }, expect: 1 },
      { send: { response_body: { body: Buffer.from('x'), end_of_stream: true } }, expect: 1 },
    ],
  },
  {
    name: 'gRPC: an unknown plan',
    steps: [open('none', { 'content-type': 'application/grpc+proto' }, false, 1)],
  },
  {
    name: 'a stream that begins with a response',
    steps: [
      { send: { response_headers: { headers: { headers: [] }, end_of_stream: false } }, expect: 1 },
      { send: { response_body: { body: Buffer.alloc(70_000), end_of_stream: true } }, expect: 1 },
      { send: { response_trailers: { trailers: { headers: [] } } }, expect: 1 },
    ],
  },
  { name: 'a request without any phase', steps: [{ send: {}, expect: 0 }] },
  {
    name: 'REST: a body over the limit',
    steps: [open('rest', {}), body('x'.repeat(MAX_BODY_BYTES + 1), 1)],
  },
  {
    name: 'REST: a walk that throws',
    steps: [open('rest', {}), body('hello', 1)],
    walk: () => {
      throw new Error('a bug');
    },
  },
  {
    name: 'REST: a walk that replies later, and twice',
    steps: [open('rest', {}), body('hello')],
    walk: (exchange) => {
      setTimeout(() => {
        exchange.reply(tail(exchange, '1', undefined, ''));
        exchange.reply(tail(exchange, '2', undefined, ''));
      }, 5);
    },
  },
  {
    name: 'gRPC: tail, message in many pieces',
    steps: [
      open('grpc', { 'content-type': 'application/grpc' }),
      piece(frame('hello world').subarray(0, 3), false, 0),
      piece(frame('hello world').subarray(3), false, 0),
      piece(Buffer.alloc(0), true, 2),
    ],
    walk: (exchange) => exchange.reply(tail(exchange, 'changed', undefined, '{"r":1}')),
  },
  {
    name: 'gRPC: tail with a message of several chunks',
    steps: [open('grpc', {}), piece(frame('x'.repeat(150_000)), true, 4)],
    walk: (exchange) =>
      exchange.reply({ ...tail(exchange, '', undefined, ''), message: exchange.message }),
  },
  {
    name: 'gRPC: tail with chunks that end at the limit of a chunk, and an empty message',
    steps: [open('grpc', {}), piece(frame(''), true, 2)],
    walk: (exchange) => exchange.reply(tail(exchange, 'x'.repeat(65_536 - 5), undefined, '')),
  },
  {
    name: 'gRPC: trailers of the client: the message goes with the headers',
    steps: [
      open('grpc', {}),
      piece(frame('hello'), false, 0),
      { send: { request_trailers: { trailers: { headers: [] } } }, expect: 1 },
    ],
    walk: (exchange) =>
      exchange.reply({ ...tail(exchange, '', undefined, ''), message: exchange.message }),
  },
  {
    name: 'gRPC: a compressed message',
    steps: [
      open('grpc', { 'grpc-encoding': 'gzip' }),
      piece(frame(gzipSync('z'.repeat(5000)), 1), true, 2),
    ],
    walk: (exchange) =>
      exchange.reply({ ...tail(exchange, '', undefined, ''), message: exchange.message }),
  },
  {
    name: 'gRPC: a compressed message that inflates over the limit',
    steps: [
      open('grpc', { 'grpc-encoding': 'gzip' }),
      piece(frame(gzipSync(Buffer.alloc(MAX_BODY_BYTES + 1)), 1), true, 1),
    ],
  },
  ...[
    frame('two').subarray(0, 6),
    Buffer.concat([frame('a'), frame('b')]),
    frame('x', 2),
    frame('not gzip', 1),
    Buffer.alloc(3),
    Buffer.alloc(0),
  ].map((bytes, index) => ({
    name: `gRPC: a broken message (${index})`,
    steps: [open('grpc', { 'grpc-encoding': 'gzip' }), piece(bytes, true, 1)],
  })),
  {
    name: 'gRPC: a message over the limit, ended early',
    steps: [
      open('grpc', {}),
      piece(Buffer.alloc(MAX_BODY_BYTES), false, 0),
      piece(Buffer.alloc(6), false, 1),
      piece(Buffer.alloc(6), true, 0),
    ],
  },
  {
    name: 'gRPC: no body at all',
    steps: [open('grpc', { 'content-type': 'application/grpc' }, true, 1)],
  },
  ...['', 'short', 'y'.repeat(150_000)].map((text) => ({
    name: `gRPC: response of ${text.length} bytes`,
    steps: [open('grpc', {}), piece(frame('hello'), true, text.length > 65_536 ? 5 : 3)],
    walk: (exchange: Exchange) =>
      exchange.reply({
        kind: 'response',
        status: 200,
        message: {
          body: Buffer.from(text),
          contentType: undefined,
          layout: undefined,
          contentEncoding: undefined,
          head: { ...HEAD, entries: () => ['x-a', '1', 'x-a', '2'] },
        },
        routing: '{"r":1}',
      }),
  })),
  {
    name: 'gRPC: the error of a unit',
    steps: [open('grpc', {}), piece(frame('hello'), true, 1)],
    walk: (exchange) =>
      exchange.reply({
        kind: 'grpc-error',
        grpcStatus: 9,
        grpcMessage: 'über 9',
        head: { ...HEAD, entries: () => ['x-a', '1'] },
        routing: '',
      }),
  },
  {
    name: 'gRPC: an error of our own',
    steps: [open('grpc', {}), piece(frame('hello'), true, 1)],
    walk: (exchange) =>
      exchange.reply({ kind: 'error', code: 'MERGE_UNUSABLE', info: 'm', routing: '' }),
  },
];

describe('the filter server and its reference', () => {
  let walk: (exchange: Exchange) => void = () => {};
  const released = { served: 0, reference: 0 };
  const servers: ListeningServer[] = [];
  const clients: Client[] = [];
  const dir = tempDir();

  before(async () => {
    const routerOf = (name: 'served' | 'reference'): Router => ({
      open: (routeName) =>
        routeName === 'rest' || routeName === 'grpc'
          ? {
              grpc: routeName === 'grpc',
              maxBodyBytes: MAX_BODY_BYTES,
              dialect: SELDON,
              handle: (exchange) => walk(exchange),
              release: () => released[name]++,
            }
          : undefined,
    });
    const Client = loadExtProc();
    for (const [name, start] of [
      ['served', startFilterServer],
      ['reference', startReferenceServer],
    ] as const) {
      const path = join(dir.path, `${name}.sock`);
      const log = { error: () => {} };
      const listen = { path };
      servers.push(
        await start({ listen, router: routerOf(name), maxHeldBytes: 1 << 24, log, drainMs: 500 }),
      );
      clients.push(new Client(`unix:${path}`, credentials.createInsecure()));
    }
  });

  after(async () => {
    for (const client of clients) client.close();
    for (const server of servers) await server.close();
    dir.remove();
  });

  for (const { name, steps, walk: walkOfCase } of CASES) {
    test(name, async () => {
      let walks = 0;
      walk = (exchange) => {
        walks++;
        walkOfCase?.(exchange);
      };
      const [served, reference] = await Promise.all(clients.map((client) => run(client, steps)));
      assert.deepEqual(served, reference);
      assert.equal(walks, walkOfCase === undefined ? 0 : 2);
      assert.equal(
        served?.responses.length,
        steps.reduce((sum, { expect }) => sum + expect, 0),
      );
      assert.equal(served.code, 0);
      assert.equal(released.served, released.reference);
      for (const server of servers) assert.equal(server.heldBytes(), 0);
    });
  }
});

/** Plays the steps on a new stream and then half-closes it. */
function run(
  client: Client,
  steps: readonly Step[],
): Promise<{ responses: PlainResponse[]; code: number }> {
  return new Promise((resolve, reject) => {
    const process = client['Process' as keyof Client] as unknown as () => ProcessCall;
    const call = process.call(client);
    const responses: PlainResponse[] = [];
    let step = 0;
    let wanted = 0;
    const timer = setTimeout(() => {
      reject(
        new Error(
          `${client.getChannel().getTarget()} step ${step}: ${responses.length} of ${wanted} responses`,
        ),
      );
      call.cancel();
    }, 2000);
    const advance = () => {
      while (responses.length >= wanted) {
        const next = steps[step++];
        if (next === undefined) {
          call.end();
          return;
        }
        wanted += next.expect;
        call.write(next.send as PlainRequest);
      }
    };
    call.on('data', (response: PlainResponse) => {
      responses.push(response);
      advance();
    });
    call.on('error', () => {});
    call.on('status', ({ code }: { code: number }) => {
      clearTimeout(timer);
      setImmediate(() => resolve({ responses, code }));
    });
    advance();
  });
}

function open(
  route: string,
  headers: { readonly [name: string]: string },
  end_of_stream = false,
  expect = 0,
): Step {
  const all = { ':path': '/x?y', ':method': 'POST', 'x-request-id': 'r', ...headers };
  const list = Object.entries(all).map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  const fields = {
    'request.path': { stringValue: '/x' },
    'xds.route_name': { stringValue: route },
  };
  return {
    send: {
      request_headers: { headers: { headers: list }, end_of_stream },
      attributes: { 'envoy.filters.http.ext_proc': { fields } },
      protocol_config: { request_body_mode: 4 },
    },
    expect,
  };
}

/** The whole body; a tail is answered by the headers' reply and a chunk. */
function body(text: string, expect = 2): Step {
  return piece(Buffer.from(text), true, expect);
}

function piece(bytes: Buffer, end_of_stream: boolean, expect: number): Step {
  return { send: { request_body: { body: bytes, end_of_stream } }, expect };
}

function frame(message: Buffer | string, flag = 0): Buffer {
  const bytes = Buffer.from(message as string);
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function tail(exchange: Exchange, text: string, contentType: string | undefined, routing: string) {
  assert.equal(exchange.headers.find('x-request-id'), 'r');
  const message = {
    body: Buffer.from(text),
    contentType,
    layout: undefined,
    contentEncoding: undefined,
    head: undefined,
  };
  const key = 'm/predict/rest';
  return {
    kind: 'tail',
    key,
    path: '/predict',
    message,
    routing,
  } as const satisfies Outcome;
}
