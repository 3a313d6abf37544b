// The parts of captures that need no Envoy: what is left out, what is kept, what waits, what a capture is made of.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Capture } from '../captured.ts';
import { buildCapture } from './build-capture.ts';
import { isCredential, withoutCredentials } from './credentials.ts';
import {
  CAPTURE_START_LIMIT_MS,
  MAX_CAPTURES_PER_SECOND,
  MAX_KEPT_CAPTURE_BYTES,
  PART_WAIT_MS,
} from './limits.ts';
import { Capturing } from './capturing.ts';
import { WaitingParts } from './parts.ts';
import { CaptureStore } from './store.ts';
import { TapStream } from './tap-stream.ts';
import { parseTapTrace } from './tap-trace.ts';
import { type LiveRequest, parseLine } from '../requests.ts';

test('credentials are known by their names', () => {
  for (const name of [
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'x-api-key',
    'api_key',
    'X-Auth-Token',
    'x-amz-security-token',
    'x-goog-iap-jwt-assertion',
    'x-forwarded-client-cert',
    'client_secret',
    'password',
  ])
    assert.ok(isCredential(name), name);
  for (const name of ['content-type', 'seldon-puid', 'x-author', 'accept', 'tokenizer', 'x-tenant'])
    assert.ok(!isCredential(name), name);
});

test('a query keeps its names and loses the values of credentials', () => {
  assert.equal(withoutCredentials('/p?a=1&access_token=x&b'), '/p?a=1&access_token=&b');
  assert.equal(withoutCredentials('/p?%61pi_key=x&%zz=1'), '/p?%61pi_key=&%zz=1');
  assert.equal(withoutCredentials('/token'), '/token');
});

const HEADERS = [
  { key: ':path', value: '/predict?q=1' },
  { key: ':method', value: 'POST' },
  { key: 'content-type', value: 'application/json' },
  { key: 'x-envoy-attempt-count', value: '1' },
  { key: 'x-sidegraph-unit', value: 'm' },
  { key: 'cookie', value: 'c' },
  { key: 'seldon-puid', value: 'p1' },
  { key: 'seldon-routing', value: '{"r":1}' },
];
const BODY = Buffer.from('{"a":1}').toString('base64');
const TRACE = JSON.stringify({
  http_buffered_trace: {
    request: { headers: HEADERS, body: { as_bytes: BODY, truncated: true } },
    response: {
      headers: [
        { key: ':status', value: '200' },
        { key: 'content-encoding', value: 'gzip' },
      ],
      trailers: [{ key: 'grpc-status', value: '0' }],
    },
    downstream_connection: {
      local_address: { envoy_internal_address: { server_listener_name: 'predictor-p' } },
    },
  },
});

test('of what the tap tells the headers of the client are kept, and no credential', () => {
  const trace = parseTapTrace(TRACE);
  assert.deepEqual(trace?.asked.headers, [
    { name: 'cookie', value: null },
    { name: 'seldon-puid', value: 'p1' },
    { name: 'seldon-routing', value: '{"r":1}' },
  ]);
  assert.deepEqual(
    [trace?.puid, trace?.listener, trace?.path, trace?.asked.body.isCut],
    ['p1', 'predictor-p', '/predict?q=1', true],
  );
  assert.deepEqual(trace?.response.headers, [{ name: 'grpc-status', value: '0' }]);
  assert.deepEqual(trace?.response.body, { base64: '', isCut: false });
  assert.equal(trace?.response.contentEncoding, 'gzip');
  for (const text of ['', '{}', '7', '{"http_buffered_trace":{"request":{"headers":7}}}'])
    assert.equal(parseTapTrace(text), undefined);
});

function requestOf(fields: object = {}): LiveRequest {
  const line = { path: '/api', unit: 'm', unit_us: 5, bytes_in: 7, bytes_out: 9, ...fields };
  const request = parseLine(JSON.stringify(line), 1);
  assert.ok(request !== null);
  return request;
}

function captureOf(request: LiveRequest, id = 1): Capture {
  const trace = parseTapTrace(TRACE);
  assert.ok(trace !== undefined);
  return buildCapture({
    id,
    request,
    trace,
    payloads: undefined,
    dialect: 'seldon',
    verb: 'predict',
  });
}

test('what Envoy served alone is one call, with what the client sent and got', () => {
  const { path, calls, asked } = captureOf(requestOf());
  assert.equal(path, '/api?q=1');
  assert.deepEqual(
    calls.map(({ unit, verb, by, sent, received }) => [
      unit,
      verb,
      by,
      sent.bytes,
      received?.bytes,
    ]),
    [['m', 'predict', 'envoy', 7, 9]],
  );
  assert.deepEqual(asked.body, {
    base64: BODY,
    isCut: true,
    bytes: 7,
    contentType: 'application/json',
    contentEncoding: null,
  });
  assert.equal(captureOf(requestOf({ unit_us: null })).calls[0]?.received, null);
  assert.deepEqual(captureOf(requestOf({ unit: '-' })).calls, []);
});

test('of captures the newest are kept, by their number and by their bytes', () => {
  const store = new CaptureStore(2);
  for (const id of [1, 2, 3]) store.add(captureOf(requestOf(), id));
  assert.deepEqual(
    store.list().map(({ id }) => id),
    [2, 3],
  );
  assert.equal(store.find(1), undefined);
  assert.deepEqual([store.facts.kept, store.facts.dropped], [2, 1]);
  const large = captureOf(requestOf(), 4);
  const body = { ...large.response.body, base64: 'x'.repeat(MAX_KEPT_CAPTURE_BYTES) };
  store.add({ ...large, response: { ...large.response, body } });
  assert.equal(store.find(3), undefined);
  store.clear();
  assert.deepEqual([store.facts.kept, store.facts.keptBytes], [0, 0]);
});

test('parts of one id are taken in the order in which they came, and do not wait for ever', () => {
  let now = 0;
  const parts = new WaitingParts<string>(() => now);
  assert.ok(parts.add('a', 'first', 1));
  now = PART_WAIT_MS;
  parts.add('a', 'second', 1);
  parts.add('a', 'third', 1);
  now = PART_WAIT_MS + 1;
  assert.deepEqual(parts.expire(), ['first']);
  assert.equal(parts.take('a'), 'second');
  assert.equal(parts.take('a'), 'third');
  assert.equal(parts.take('a'), undefined);
  assert.ok(!parts.add('b', 'large', 1e9));
  assert.ok(parts.add('b', 'small', 1), 'what was taken left its room');
});

test('the tap is read object by object, and let go when there are too many in a second', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-tap-'));
  const socket = join(dir, 'admin.sock');
  const object = '{\n "a": "}\\n"\n}\n';
  let closed = 0;
  let asked = '';
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (asked = chunk.toString()));
    response.on('close', () => closed++);
    response.flushHeaders();
    // In pieces that begin and end anywhere.
    response.write(object.slice(0, 5));
    setTimeout(() => response.write(object.slice(5) + object.slice(0, 15)), 20);
    setTimeout(() => response.write(object.slice(15)), 40);
    setTimeout(() => response.write(object.repeat(2 * MAX_CAPTURES_PER_SECOND)), 80);
  }).listen(socket);
  context.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });
  const taken: string[] = [];
  const tap = new TapStream({ adminSocket: socket, take: (text) => taken.push(text) });
  await tap.tick();
  assert.match(asked, /"config_id":"sidegraph"/);
  while (closed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(taken.length, MAX_CAPTURES_PER_SECOND);
  assert.ok(taken.every((text) => text === object));
  assert.equal(tap.pauses, 1);
  await tap.tick();
  while (taken.length === MAX_CAPTURES_PER_SECOND)
    await new Promise((resolve) => setTimeout(resolve, 10));
  tap.close();
});

test('whoever waits for the beginning gets it though Envoy refuses at first', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-tap-'));
  const adminSocket = join(dir, 'admin.sock');
  let asked = 0;
  const admin = createServer((_request, response) => {
    asked++;
    if (asked <= 3) response.writeHead(400).end();
    else response.writeHead(200).flushHeaders();
  });
  await new Promise<void>((resolve) => admin.listen(adminSocket, resolve));
  let ticking: NodeJS.Timeout | undefined;
  const capturing = new Capturing({
    plan: () => undefined,
    adminSocket,
    max: 1,
    watch: (tick) => {
      ticking = setInterval(tick, 100);
      return () => clearInterval(ticking);
    },
  });
  context.after(() => {
    capturing.close();
    admin.close();
    admin.closeAllConnections();
    rmSync(dir, { recursive: true });
  });
  const begun = performance.now();
  await capturing.start();
  assert.equal(asked, 4);
  assert.ok(performance.now() - begun < CAPTURE_START_LIMIT_MS / 2);
});
