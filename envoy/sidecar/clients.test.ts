// What a client may do that Go's server would take, and what is answered where it goes too far.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { type TestEnvoy, startEnvoy } from '../testing/envoy.ts';
import { fixtureDeployment, fixturePlan, nativeRoutesTo } from '../testing/plans.ts';
import { type Echo, type StubUnit, startUnit } from '../testing/units.ts';
import { grpc, rest } from '../testing/clients.ts';

const PREDICT = '/api/v1.0/predictions';
const BODY_TIMEOUT_MS = 400;

let unit: StubUnit;
let envoy: TestEnvoy;
let port: number;

before(async () => {
  unit = await startUnit('m');
  const { restPort, grpcPort } = unit;
  const units = [{ name: 'm', verbs: ['predict', 'send-feedback'] as const, restPort, grpcPort }];
  const policy = { bodyTimeoutMs: BODY_TIMEOUT_MS, maxHeaders: 200, maxHeaderBytes: 65_536 };
  envoy = await startEnvoy(
    fixtureDeployment(fixturePlan('00000000000000aa', units, nativeRoutesTo(0), policy)),
  );
  port = envoy.layout.httpPort;
});

after(async () => {
  await envoy?.stop();
  await unit?.close();
});

/** Writes the text and gives what comes back until the peer closes, or `done` says that it is enough. */
function raw(text: string, done: (got: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
      if (done(got)) socket.destroy();
    });
    socket.on('close', () => resolve(got));
  });
}

test('HTTP/1.0 is served, with and without a host', async () => {
  for (const host of ['', 'host: a\r\n']) {
    const got = await raw(`POST ${PREDICT} HTTP/1.0\r\n${host}content-length: 2\r\n\r\n{}`);
    assert.match(got, /^HTTP\/1\.[01] 200 /);
  }
  assert.match(await raw('GET /live HTTP/1.0\r\n\r\n'), /^HTTP\/1\.[01] 200 /);
});

test('an Upgrade that nobody speaks is skipped', async () => {
  for (const upgrade of ['TLS/1.2', 'websocket', 'foo/2', 'h2c']) {
    const headers = { connection: 'Upgrade', upgrade };
    const got = await rest({ port, path: PREDICT, headers, body: '{}' });
    assert.equal(got.status, 200, upgrade);
    assert.equal((JSON.parse(got.text) as Echo).headers['upgrade'], undefined, upgrade);
  }
});

test('a request that does not arrive in time is 408 with its code; one that waits for its response is not', async () => {
  const stalled = await raw(`POST ${PREDICT} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{`);
  assert.match(stalled, /^HTTP\/1\.1 408 /);
  assert.match(stalled, /sidegraph-error: BODY_TIMEOUT/);
  assert.match(stalled, /"code":408,.*"status":"FAILURE"/);
  const slow = rest({ port, path: PREDICT, headers: { 'x-mode': 'slow' }, body: '{}' });
  const first = await Promise.race([
    slow.then(() => 'answered'),
    new Promise((resolve) => setTimeout(resolve, 3 * BODY_TIMEOUT_MS, 'waiting')),
  ]);
  assert.equal(first, 'waiting');
  assert.equal((await slow).status, 200);
});

test('more or larger headers than are taken are 431 with a code, as JSON', async () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'v']));
  assert.equal(
    (await rest({ port, path: PREDICT, headers: many(120), body: '{}' })).status,
    200,
    'many',
  );
  const big = { 'x-big': 'a'.repeat(12_000) };
  const large = await rest({ port, path: PREDICT, headers: big, body: '{}' });
  assert.equal(large.status, 200, large.text);
  for (const headers of [many(210), { 'x-big': 'a'.repeat(70_000) }]) {
    const got = await rest({ port, path: PREDICT, headers, body: '{}' });
    assert.equal(got.status, 431);
    assert.equal(got.headers['sidegraph-error'], 'HEADERS_TOO_LARGE');
    assert.match(got.text, /"code":431,.*"status":"FAILURE"/);
  }
});

test('what is no HTTP is 400 with a code, as JSON', async () => {
  for (const head of [
    `POST ${PREDICT}?q=\xc3\xa9 HTTP/1.1\r\nhost: a`,
    `POST ${PREDICT} HTTP/1.1\r\nx-no: host`,
    `POST ${PREDICT} HTTP/1.1\r\nhost: a b`,
    `POST ${PREDICT}#part HTTP/1.1\r\nhost: a`,
    'OPTIONS * HTTP/1.1\r\nhost: a',
  ]) {
    const got = await raw(`${head}\r\nconnection: close\r\n\r\n`);
    assert.match(got, /^HTTP\/1\.1 400 /, head);
    assert.match(got, /sidegraph-error: BAD_HTTP/, head);
    assert.match(got, /"code":400,.*"status":"FAILURE"/, head);
  }
});

test('an empty puid is none: the unit and the client get the same new one', async () => {
  const got = await rest({ port, path: PREDICT, headers: { 'seldon-puid': '' }, body: '{}' });
  const puid = String(got.headers['seldon-puid']);
  assert.match(puid, /^[0-9a-f-]{36}$/);
  assert.equal((JSON.parse(got.text) as Echo).headers['seldon-puid'], puid);
});

test('pages of other origins may read and send what feedback needs', async () => {
  const { headers } = await rest({ port, path: PREDICT, method: 'OPTIONS' });
  const allowed = String(headers['access-control-allow-headers']).split(', ').slice(-3);
  assert.deepEqual(allowed, ['Seldon-Puid', 'Seldon-Routing', 'Sidegraph-Pod']);
  const exposed = String(headers['access-control-expose-headers']);
  assert.equal(exposed, 'seldon-puid, seldon-routing, sidegraph-pod, sidegraph-error');
});

test('hop-by-hop headers stop here, those that `connection` names too', async () => {
  const headers = {
    connection: 'x-hop',
    'x-hop': '1',
    te: 'trailers',
    'proxy-authorization': 'Basic eDp5',
    trailer: 'x-t',
  };
  const got = await rest({ port, path: PREDICT, headers, body: '{}' });
  const names = Object.keys((JSON.parse(got.text) as Echo).headers);
  assert.deepEqual(
    names.filter((name) => /^(x-hop|te|proxy-|trailer|keep-alive)/.test(name)),
    [],
  );
  assert.equal((await grpc(port, '/seldon.protos.Seldon/Predict')).status, 0);
});
