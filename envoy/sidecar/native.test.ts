import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { egressHost } from '../../graph/plan/names.ts';
import { askAdmin } from '../process/admin.ts';
import { type TestEnvoy, startEnvoy } from '../testing/envoy.ts';
import { fixtureDeployment, fixturePlan, nativeRoutesTo } from '../testing/plans.ts';
import { type Echo, type StubUnit, startUnit } from '../testing/units.ts';
import { type RestResponse, grpc, rest } from '../testing/clients.ts';

const PREDICT = '/api/v1.0/predictions';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let unit: StubUnit;
let envoy: TestEnvoy;
let port: number;

before(async () => {
  unit = await startUnit('m');
  const units = [{ name: 'm', verbs: ['predict', 'send-feedback'] as const, ...ports(unit) }];
  const policy = {
    restTimeoutMs: 200,
    grpcTimeoutMs: 200,
    deadlineMs: 5000,
    maxBodyBytes: 1000,
    grpcMaxMessageBytes: 1000,
  };
  envoy = await startEnvoy(
    fixtureDeployment(fixturePlan('00000000000000aa', units, nativeRoutesTo(0), policy)),
  );
  port = envoy.layout.httpPort;
});

after(async () => {
  await envoy?.stop();
  await unit?.close();
});

function ports(stub: StubUnit) {
  return { restPort: stub.restPort, grpcPort: stub.grpcPort };
}

function echo(response: RestResponse): Echo {
  assert.equal(response.status, 200, response.text);
  return JSON.parse(response.text) as Echo;
}

function failure(response: RestResponse, status: number, code: string): string {
  assert.equal(response.status, status, response.text);
  assert.equal(response.headers['sidegraph-error'], code);
  assert.equal(response.headers['content-type'], 'application/json');
  const body = JSON.parse(response.text) as {
    status: { code: number; info: string; status: string };
  };
  assert.equal(body.status.code, status);
  assert.equal(body.status.status, 'FAILURE');
  return body.status.info;
}

test('a prediction goes directly to the unit, with its query', async () => {
  const got = echo(await rest({ port, path: `${PREDICT}?json=1`, body: '{}' }));
  assert.equal(got.url, '/predict?json=1');
  assert.equal(got.headers.host, `127.0.0.1:${unit.restPort}`);
  assert.equal(got.bytes, 2);
});

test("the gateway's prefix is stripped, on REST and gRPC", async () => {
  const prefix = '/seldon/test-namespace/test-deployment';
  const got = echo(await rest({ port, path: `${prefix}/api/v0.1/feedback?a=b`, body: '{}' }));
  assert.equal(got.url, '/send-feedback?a=b');
  const called = await grpc(port, `${prefix}/seldon.protos.Seldon/Predict`);
  assert.equal(called.headers['x-path'], '/seldon.protos.Model/Predict');
});

test('both ports serve REST and gRPC', async () => {
  for (const each of [port, envoy.layout.grpcPort]) {
    assert.equal(echo(await rest({ port: each, path: PREDICT })).method, 'POST');
    const called = await grpc(each, '/seldon.protos.Seldon/SendFeedback');
    assert.equal(called.status, 0);
    assert.equal(called.bytes, 15);
    assert.equal(called.headers['x-path'], '/seldon.protos.Model/SendFeedback');
  }
});

test("internal headers of clients do not reach the unit, and a unit's not the client", async () => {
  const headers = {
    'x-sidegraph-unit': 'm/predict/rest',
    'X-Sidegraph-Other': 'x',
    'x-envoy-retry-on': '5xx',
    'seldon-routing': '{"r":1}',
    'x-mine': 'kept',
  };
  const response = await rest({ port, path: PREDICT, headers });
  const names = Object.keys(echo(response).headers);
  assert.ok(names.includes('x-mine'));
  assert.deepEqual(
    names.filter((name) => /^x-sidegraph-|^x-envoy-|^seldon-routing/.test(name)),
    [],
  );
  assert.equal(response.headers['x-sidegraph-spoof'], undefined);
});

test('responses carry the puid that the unit was given, a fresh one or the one of the client', async () => {
  const fresh = await rest({ port, path: PREDICT });
  assert.match(String(fresh.headers['seldon-puid']), UUID);
  assert.equal(echo(fresh).headers['seldon-puid'], fresh.headers['seldon-puid']);
  const own = await rest({ port, path: PREDICT, headers: { 'Seldon-Puid': 'mine' } });
  assert.equal(own.headers['seldon-puid'], 'mine');
  assert.equal(echo(own).headers['seldon-puid'], 'mine');
});

test("CORS and nosniff headers overwrite the unit's; its cookies pass", async () => {
  const { headers } = await rest({ port, path: PREDICT });
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.equal(headers['access-control-allow-methods'], 'OPTIONS,POST');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
});

test('CloudEvents headers come with Ce-Specversion, also on errors, and only then', async () => {
  const asked = {
    port,
    path: `${PREDICT}?q=1`,
    headers: { 'Ce-Specversion': '0.3', 'Ce-Id': 'x' },
  };
  const expected = {
    'ce-specversion': '0.3',
    'ce-path': PREDICT,
    'ce-type': 'seldon.test-deployment.test-namespace.response',
    'ce-source': 'seldon.test-deployment',
  };
  for (const mode of ['', 'reset']) {
    const { headers } = await rest({ ...asked, headers: { ...asked.headers, 'x-mode': mode } });
    for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value);
    assert.equal(headers['ce-id'], headers['seldon-puid']);
  }
  const plain = await rest({ port, path: PREDICT });
  assert.equal(plain.headers['ce-type'], undefined);
});

test('OPTIONS is answered with CORS headers, GET with 405, other paths with 404', async () => {
  const options = await rest({ port, path: PREDICT, method: 'OPTIONS' });
  assert.equal(options.status, 200);
  assert.equal(options.text, '');
  assert.equal(options.headers['content-type'], undefined);
  assert.equal(options.headers['access-control-allow-methods'], 'OPTIONS,POST');
  for (const method of ['GET', 'HEAD', 'PUT']) {
    const wrong = await rest({ port, path: PREDICT, method });
    assert.deepEqual([wrong.status, wrong.text], [405, '']);
  }
  const other = await rest({ port, path: '/predict', method: 'POST' });
  assert.equal(other.status, 404);
  assert.match(other.text, /^\{"status":\{"code":404,.*"status":"FAILURE"\}\}$/);
  assert.equal((await grpc(port, '/seldon.protos.Seldon/Nope')).status, 12);
});

test('/live is answered without anybody, the rest off the path says that the filter is away', async () => {
  assert.equal((await rest({ port, path: '/live', method: 'GET' })).status, 200);
  const ready = await rest({ port, path: '/ready', method: 'GET' });
  failure(ready, 503, 'FILTER_UNAVAILABLE');
  assert.equal(ready.headers['retry-after'], '1');
  const called = await grpc(port, '/seldon.protos.Seldon/GraphMetadata');
  assert.deepEqual([called.status, called.headers['sidegraph-error']], [14, 'FILTER_UNAVAILABLE']);
});

test("a unit's own 503 passes unchanged", async () => {
  const response = await rest({ port, path: PREDICT, headers: { 'x-mode': 'own-503' } });
  assert.equal(response.status, 503);
  assert.equal(response.text, 'my own 503');
  assert.equal(response.headers['content-type'], 'text/plain');
  assert.equal(response.headers['sidegraph-error'], undefined);
});

test('a unit that resets or does not answer in time is a 500 with its code', async () => {
  const reset = await rest({ port, path: PREDICT, headers: { 'x-mode': 'reset' } });
  assert.match(failure(reset, 500, 'UNIT_RESET'), /^unit m \(127\.0\.0\.1:\d+\): /);
  const slow = await rest({ port, path: PREDICT, headers: { 'x-mode': 'slow' } });
  failure(slow, 500, 'UNIT_TIMEOUT');
});

test('a gRPC call that takes too long ends with 4, by the timeout or by the client’s own', async () => {
  const slow = { 'x-mode': 'slow' };
  const timedOut = await grpc(port, '/seldon.protos.Seldon/Predict', slow);
  assert.deepEqual([timedOut.status, timedOut.headers['sidegraph-error']], [4, 'UNIT_TIMEOUT']);
  const path = '/seldon.protos.Seldon/Predict';
  const own = await grpc(port, path, { ...slow, 'grpc-timeout': '50m' });
  assert.deepEqual([own.status, own.headers['sidegraph-error']], [4, 'DEADLINE_EXCEEDED']);
});

test('a body over the limit is a 413, chunked or not; gRPC 8', async () => {
  const half = Buffer.alloc(600);
  assert.equal(echo(await rest({ port, path: PREDICT, body: Buffer.alloc(1000) })).bytes, 1000);
  failure(await rest({ port, path: PREDICT, body: Buffer.alloc(1001) }), 413, 'BODY_TOO_LARGE');
  failure(await rest({ port, path: PREDICT, body: [half, half] }), 413, 'BODY_TOO_LARGE');
  const path = '/seldon.protos.Seldon/Predict';
  assert.equal((await grpc(port, path, {}, 1000)).status, 0);
  assert.equal((await grpc(port, path, {}, 1001)).status, 8);
});

test('the egress listener serves a unit under its name, over REST and gRPC', async () => {
  const socketPath = envoy.layout.egressSocket;
  const got = echo(
    await rest({ socketPath, path: '/route', headers: { host: egressHost('p', 'm', 'rest') } }),
  );
  assert.equal(got.url, '/route');
  const headers = { ':authority': egressHost('p', 'm', 'grpc') };
  const path = '/seldon.protos.Model/Predict';
  const called = await grpc(socketPath, path, headers);
  assert.deepEqual([called.status, called.headers['x-path']], [0, path]);
  const slow = await grpc(socketPath, path, { ...headers, 'x-mode': 'slow' });
  assert.deepEqual([slow.status, slow.headers['sidegraph-error']], [4, 'UNIT_TIMEOUT']);
});

interface LogLine {
  readonly unit: string;
  readonly path: string;
  readonly route: string;
}

/** Lines of the access log with this puid; Envoy writes them a little later. */
async function loggedLines(puid: string): Promise<string[]> {
  const endMs = performance.now() + 5000;
  while (performance.now() < endMs) {
    const lines = (await readFile(envoy.layout.accessLogPath, 'utf8')).split('\n');
    const mine = lines.filter((line) => line.includes(`"puid":"${puid}"`));
    if (mine.length > 0) return mine;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [];
}

test("Seldon's metrics are counted with its labels and buckets, and one log line a request", async () => {
  await rest({ port, path: PREDICT, headers: { 'seldon-puid': 'logged' } });
  const stats = '/stats/prometheus?filter=sidegraph';
  await askAdmin(envoy.layout.adminSocket, stats, AbortSignal.timeout(2000));
  const text = await askAdmin(envoy.layout.adminSocket, stats, AbortSignal.timeout(2000));
  const route = String.raw`route="[\"test-deployment\",\"p\",\"\",\"predictions\",\"post\"]"`;
  const unitTag = String.raw`unit="[\"m\",\"m\",\"1.0\"]"`;
  const server = `envoy_sidegraph_server_requests_us_bucket{${route},code="200",le="5000"}`;
  const client = `envoy_sidegraph_client_requests_us_count{${route},${unitTag},path="/predict",code="200 -"}`;
  assert.ok(text.includes(server), text);
  assert.ok(text.includes(client), text);
  const mine = (await loggedLines('logged')).map((line) => JSON.parse(line) as LogLine);
  assert.equal(mine.length, 1);
  assert.equal(mine[0]?.unit, 'm');
  assert.equal(mine[0]?.path, PREDICT);
  assert.equal(mine[0]?.route, '00000000000000aa/predict-rest');
});

test('a unit that is down is a 500 that says so; gRPC 14', async () => {
  await unit.close();
  const info = failure(await rest({ port, path: PREDICT }), 500, 'UNIT_UNREACHABLE');
  assert.match(info, /connection refused$/);
  const called = await grpc(port, '/seldon.protos.Seldon/Predict');
  assert.deepEqual([called.status, called.headers['sidegraph-error']], [14, 'UNIT_UNREACHABLE']);
  assert.match(called.message, /connection refused$/);
});
