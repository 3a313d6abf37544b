// The odd behaviours of gRPC units, each against the small client and its reference implementation: both must tell the same story.
import assert from 'node:assert/strict';
import { constants, type Settings } from 'node:http2';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { COLLECTED } from '../contract/bodies.ts';
import type { CallRequest, CallResult, UnitClient } from '../contract/calls.ts';
import { Http2Client } from './http2/client.ts';
import { encodeField } from '../../lib/codecs/http2/hpack.ts';
import { callOnce } from './testing/calling.ts';
import {
  answerOk,
  answerOnly,
  framed,
  type H2Request,
  startH2Server,
} from './testing/h2-server.ts';
import { GrpcReference } from './testing/reference-grpc.ts';

interface Case {
  readonly name: string;
  readonly handle: (request: H2Request) => void;
  readonly settings?: Settings;
  readonly early?: boolean;
  readonly calls?: readonly Partial<CallRequest>[];
  /** All calls at once instead of one after the other. */
  readonly together?: boolean;
  readonly expect: readonly (string | RegExp)[];
  readonly connections?: number;
  readonly requests?: number;
  readonly referenceDiffers?: string;
}

const BIG = Buffer.alloc(300_000, 'x');
const once = [{ replaceable: false }];
const twice = [{}, {}];
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL } = constants;

const CASES: readonly Case[] = [
  {
    name: 'calls share a connection',
    handle: (r) => answerOk(r, r.body),
    calls: twice,
    expect: ['0  {"a":1}', '0  {"a":1}'],
    connections: 1,
  },
  {
    name: 'many calls at once share a connection',
    handle: (r) => answerOk(r, r.body),
    calls: Array.from({ length: 40 }, (_, i) => ({ body: Buffer.from(`call ${i}`) })),
    together: true,
    expect: Array.from({ length: 40 }, (_, i) => `0  call ${i}`),
    connections: 1,
  },
  {
    name: 'more calls than streams are all answered',
    handle: (r) => setTimeout(() => answerOk(r, r.body), 5),
    settings: { maxConcurrentStreams: 3 },
    calls: Array.from({ length: 30 }, (_, i) => ({ body: Buffer.from(`call ${i}`) })),
    together: true,
    expect: Array.from({ length: 30 }, (_, i) => `0  call ${i}`),
  },
  {
    name: 'an empty message',
    handle: (r) => answerOk(r, ''),
    calls: [{ body: Buffer.alloc(0) }],
    expect: ['0  '],
  },
  {
    name: 'a large message both ways',
    handle: (r) => answerOk(r, r.body),
    calls: [{ body: BIG }, { body: [BIG, BIG, Buffer.from('!')] }],
    expect: [`0  ${BIG}`, `0  ${BIG}${BIG}!`],
  },
  {
    name: 'a large message into small windows',
    handle: (r) => answerOk(r, r.body),
    settings: { initialWindowSize: 1000, maxFrameSize: 16_384 },
    calls: [{ body: BIG }],
    expect: [`0  ${BIG}`],
  },
  {
    name: 'an error as headers alone',
    handle: (r) =>
      answerOnly(r, { 'grpc-status': '5', 'grpc-message': 'no such %22thing%22 %C3%A9' }),
    expect: ['5 no such "thing" é '],
  },
  {
    name: 'an error in trailers',
    handle: (r) =>
      answerOk(r, Buffer.alloc(0), {}, { 'grpc-status': '13', 'grpc-message': 'boom' }),
    expect: ['13 boom '],
  },
  {
    name: 'an error behind a message',
    handle: (r) => answerOk(r, 'half', {}, { 'grpc-status': '10', 'grpc-message': 'aborted' }),
    expect: ['10 aborted '],
  },
  {
    name: 'HTTP 404 is unimplemented',
    handle: (r) => answerOnly(r, { ':status': 404, 'content-type': 'text/plain' }),
    expect: [/^12 /],
  },
  {
    name: 'HTTP 503 is unavailable',
    handle: (r) => answerOnly(r, { ':status': 503, 'content-type': 'text/plain' }),
    expect: [/^14 /],
  },
  {
    name: 'HTTP 401 is unauthenticated',
    handle: (r) => answerOnly(r, { ':status': 401, 'content-type': 'text/plain' }),
    expect: [/^16 /],
  },
  {
    name: 'a page with status 200 is no response, whatever its first bytes would say as a frame',
    handle: (r) => {
      r.stream.respond({ ':status': 200, 'content-type': 'text/html' });
      r.stream.end('<html>hello</html>');
    },
    calls: once,
    expect: [/^UNIT_RESET .*answered content type text\/html, not gRPC$/],
    referenceDiffers: 'grpc-js says UNKNOWN',
  },
  {
    name: 'a response without a content type is none of gRPC',
    handle: (r) => {
      r.stream.respond({ ':status': 200 });
      r.stream.end(framed('x'));
    },
    calls: once,
    expect: [/^UNIT_RESET .*answered without a content type, not gRPC$/],
    referenceDiffers: 'grpc-js says UNKNOWN',
  },
  {
    name: 'content types of gRPC',
    handle: (r) =>
      answerOk(r, 'x', {
        'content-type': r.turn === 0 ? 'application/grpc+proto' : 'application/grpc;a=b',
      }),
    calls: twice,
    expect: ['0  x', '0  x'],
  },
  {
    name: 'a page of a proxy has no message',
    handle: (r) => {
      r.stream.respond({ ':status': 502, 'content-type': 'text/html' });
      r.stream.end('<html>bad gateway</html>');
    },
    expect: [/^14 /],
  },
  {
    name: 'no grpc-status',
    handle: (r) => {
      r.stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      r.stream.end(framed('x'));
    },
    expect: [/^UNIT_RESET /],
  },
  {
    name: 'success without a message',
    handle: (r) => answerOk(r, Buffer.alloc(0)),
    expect: [/^UNIT_RESET .*without a message/],
    calls: once,
  },
  {
    name: 'two messages',
    handle: (r) => answerOk(r, Buffer.concat([framed('a'), framed('b')])),
    expect: [/^UNIT_RESET .*more than one message/],
    calls: once,
    referenceDiffers: 'grpc-js never ends the call',
  },
  {
    name: 'half a message',
    handle: (r) => answerOk(r, framed('abcdef').subarray(0, 8)),
    expect: [/^UNIT_RESET .*half a message/],
    calls: once,
    referenceDiffers: 'grpc-js reports no message',
  },
  {
    name: 'a gzip message is unpacked',
    handle: (r) => answerOk(r, framed(gzipSync(BIG), 1), { 'grpc-encoding': 'gzip' }),
    expect: [`0  ${BIG}`],
  },
  {
    name: 'a gzip message over the limit once unpacked',
    handle: (r) => answerOk(r, framed(gzipSync(BIG), 1), { 'grpc-encoding': 'gzip' }),
    calls: [{ maxAnswerBytes: 10_000 }],
    expect: [/^ANSWER_TOO_LARGE /],
  },
  {
    name: 'a broken gzip message',
    handle: (r) => answerOk(r, framed('no gzip', 1), { 'grpc-encoding': 'gzip' }),
    expect: [/^UNIT_RESET .*broken gzip/],
    referenceDiffers: 'grpc-js says INTERNAL',
  },
  {
    name: 'a message over the limit',
    handle: (r) => answerOk(r, framed(BIG)),
    calls: [{ maxAnswerBytes: 299_999 }],
    expect: [/^ANSWER_TOO_LARGE /],
  },
  {
    name: 'a message of exactly the limit',
    handle: (r) => answerOk(r, framed(BIG)),
    calls: [{ maxAnswerBytes: 300_000 }],
    expect: [`0  ${BIG}`],
  },
  {
    name: 'a slow unit is a timeout',
    handle: (r) => setTimeout(() => r.stream.destroyed || answerOk(r, 'late'), 200),
    calls: [{ timeoutMs: 30 }, { timeoutMs: 5000 }],
    expect: [/^UNIT_TIMEOUT /, '0  late'],
    connections: 1,
  },
  {
    name: 'a reset stream',
    handle: (r) => r.stream.close(NGHTTP2_INTERNAL_ERROR),
    expect: [/^UNIT_RESET .*stream reset \(internal error\)$/],
    calls: once,
  },
  {
    name: 'a reset in the middle of a response',
    handle: (r) => {
      r.stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      r.stream.write(framed(BIG).subarray(0, 100));
      setTimeout(() => r.stream.destroy(new Error('crash')), 5);
    },
    expect: [/^UNIT_RESET /],
    calls: once,
  },
  {
    name: 'a stream refused once is tried again',
    handle: (r) => (r.turn === 0 ? r.stream.close(NGHTTP2_REFUSED_STREAM) : answerOk(r, 'second')),
    calls: once,
    expect: ['0  second'],
    requests: 2,
    referenceDiffers: 'its retries are off',
  },
  {
    name: 'a stream refused again and again is a failure',
    handle: (r) => r.stream.close(NGHTTP2_REFUSED_STREAM),
    calls: once,
    expect: [/^UNIT_RESET .*refused stream/],
    requests: 3,
    referenceDiffers: 'its retries are off',
  },
  {
    name: 'a connection that dies under a fresh call is a failure',
    handle: (r) => r.session.destroy(),
    calls: once,
    expect: [/^UNIT_RESET /],
    requests: 1,
  },
  {
    name: 'a reused connection that dies before the response is replaced once',
    handle: (r) => (r.turn === 1 ? r.session.destroy() : answerOk(r, `turn ${r.turn}`)),
    calls: twice,
    expect: ['0  turn 0', '0  turn 2'],
    connections: 2,
    requests: 3,
    referenceDiffers: 'its retries are off',
  },
  {
    name: 'what is not replaceable is not sent twice',
    handle: (r) => (r.turn === 1 ? r.session.destroy() : answerOk(r, 'ok')),
    calls: [{}, { replaceable: false }],
    expect: ['0  ok', /^UNIT_RESET /],
    requests: 2,
  },
  {
    name: 'a connection going away finishes its calls',
    handle: (r) => {
      if (r.turn === 0) r.session.goaway(0);
      setTimeout(() => answerOk(r, `on ${r.connection}`), 10);
    },
    calls: twice,
    expect: ['0  on 0', '0  on 1'],
    connections: 2,
  },
  {
    name: 'a response before the end of the request',
    handle: (r) => {
      answerOnly(r, { 'grpc-status': '8', 'grpc-message': 'enough' });
    },
    early: true,
    settings: { initialWindowSize: 1000 },
    calls: [{ body: BIG }],
    expect: ['8 enough '],
    referenceDiffers: 'grpc-js may report the reset',
  },
  {
    name: 'headers cut into continuations',
    handle: (r) =>
      answerOk(r, `${String(r.headers['x-long']).length}`, { 'x-long': 'y'.repeat(30_000) }),
    calls: [{ headers: encodeField('x-long', 'z'.repeat(40_000)) }],
    settings: { maxHeaderListSize: 100_000 },
    expect: ['0  40000'],
  },
  {
    name: 'a cancel of the unit',
    handle: (r) => r.stream.close(NGHTTP2_CANCEL),
    calls: once,
    expect: [/^UNIT_RESET .*cancel/],
    referenceDiffers: 'grpc-js says CANCELLED',
  },
];

const CLIENTS: Readonly<Record<string, (port: number) => UnitClient>> = {
  small: (port) =>
    new Http2Client({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      host: `127.0.0.1:${port}`,
    }),
  reference: (port) => new GrpcReference(`127.0.0.1:${port}`),
};

for (const [kind, make] of Object.entries(CLIENTS)) {
  for (const row of CASES) {
    if (kind === 'reference' && row.referenceDiffers !== undefined) continue;
    test(`${kind}: ${row.name}`, { timeout: 5000 }, async (t) => {
      const server = await startH2Server(row.handle, row);
      const client = make(server.port);
      t.after(() => {
        client.close();
        return server.close();
      });
      const calls = row.calls ?? [{}];
      const said: string[] = [];
      if (row.together === true) {
        said.push(...(await Promise.all(calls.map(async (c) => brief(await callGrpc(client, c))))));
      } else {
        for (const changes of calls) said.push(brief(await callGrpc(client, changes)));
      }
      for (const [i, expected] of row.expect.entries()) {
        if (typeof expected === 'string') assert.equal(said[i], expected);
        else if (kind === 'small') assert.match(said[i] ?? '', expected);
        else assert.equal(said[i]?.split(' ')[0], /[A-Z_0-9]+/.exec(expected.source)?.[0]);
      }
      if (row.connections !== undefined) assert.equal(server.connections(), row.connections);
      if (row.requests !== undefined) assert.equal(server.requests.length, row.requests);
    });
  }
}

test('after so many calls another connection takes over, and those under way end', async (t) => {
  const server = await startH2Server((r) => setTimeout(() => answerOk(r, r.body), 20));
  const { port } = server;
  const client = new Http2Client({
    address: { kind: 'tcp', host: '127.0.0.1', port },
    host: `127.0.0.1:${port}`,
    maxCallsPerConnection: 2,
    maxConnections: 3,
  });
  t.after(() => {
    client.close();
    return server.close();
  });
  const said = await Promise.all(Array.from({ length: 10 }, () => callGrpc(client, {})));
  assert.deepEqual(
    said.map(brief),
    said.map(() => '0  {"a":1}'),
  );
  assert.equal(server.connections(), 5);
});

test('a unit that is not there is unreachable', async () => {
  const server = await startH2Server(() => {});
  await server.close();
  for (const make of Object.values(CLIENTS)) {
    const client = make(server.port);
    const result = await callGrpc(client, {});
    assert.equal(result.kind === 'failure' && result.code, 'UNIT_UNREACHABLE');
    assert.match(brief(result), /ECONNREFUSED|connection refused/);
    client.close();
  }
});

test('the request is gRPC: method, path, te, content type, metadata, timeout', async (t) => {
  const server = await startH2Server((r) =>
    answerOk(r, 'ok', { 'x-unit': '1', date: 'now' }, { 'grpc-status': '0', 'x-after': '2' }),
  );
  t.after(() => server.close());
  const client = CLIENTS['small']?.(server.port) as UnitClient;
  const result = await callGrpc(client, {
    headers: encodeField('seldon-puid', 'p1'),
    timeoutMs: 2500,
  });
  client.close();
  const seen = Object.fromEntries(Object.entries(server.requests[0]?.headers ?? {}));
  assert.deepEqual(seen, {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/seldon.protos.Model/Predict',
    ':authority': `127.0.0.1:${server.port}`,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'sidegraph',
    'seldon-puid': 'p1',
    'grpc-timeout': '2500m',
  });
  assert.equal(result.kind, 'response');
  if (result.kind !== 'response') return;
  assert.deepEqual(result.head.entries(), ['x-unit', '1']);
  assert.deepEqual(result.head.trailers?.(), ['x-after', '2']);
  assert.equal(result.head.find('date'), 'now');
  assert.equal(result.head.find('x-none'), undefined);
});

test('a cancelled call is reset at the unit, its result is not told, and others go on', async (t) => {
  const reset = Promise.withResolvers<number | undefined>();
  const server = await startH2Server((r) => {
    if (r.turn > 0) return answerOk(r, 'ok');
    r.stream.on('close', () => reset.resolve(r.stream.rstCode));
  });
  t.after(() => server.close());
  const client = CLIENTS['small']?.(server.port) as UnitClient;
  let told = false;
  const handle = client.call(
    {
      path: '/a/B',
      headers: Buffer.alloc(0),
      contentType: undefined,
      contentEncoding: undefined,
      body: Buffer.from('x'),
      timeoutMs: undefined,
      memory: COLLECTED,
      maxAnswerBytes: 10,
      extra: undefined,
      replaceable: true,
    },
    () => {
      told = true;
    },
  );
  setTimeout(() => handle.cancel(), 20);
  assert.equal(await reset.promise, NGHTTP2_CANCEL);
  assert.equal(brief(await callGrpc(client, {})), '0  ok');
  assert.deepEqual([told, server.connections()], [false, 1]);
  client.close();
});

function callGrpc(client: UnitClient, changes: Partial<CallRequest>): Promise<CallResult> {
  return callOnce(client, {
    path: '/seldon.protos.Model/Predict',
    contentType: undefined,
    ...changes,
  });
}

function brief(result: CallResult): string {
  return result.kind === 'failure'
    ? `${result.code} ${result.text}`
    : `${result.status} ${result.grpcMessage} ${result.body.toString('latin1')}`;
}
