import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { grpc, rest } from '../testing/clients.ts';
import { type TestEnvoy, startEnvoy } from '../testing/envoy.ts';
import { type StubFilter, startFilter } from '../testing/filter.ts';
import { GRAPH_ROUTES, fixtureDeployment, fixturePlan } from '../testing/plans.ts';
import { type Echo, type StubUnit, startUnit } from '../testing/units.ts';

const PREDICT = '/api/v1.0/predictions';
const TAIL = {
  key: 'n/predict/rest',
  path: '/predict',
  body: '{"longer":true}',
  routing: '{"r":1}',
};

let stubs: StubUnit[];
let envoy: TestEnvoy;
let filter: StubFilter;
let port: number;

before(async () => {
  stubs = await Promise.all(['m', 'n'].map(startUnit));
  const units = ['m', 'n'].map((name, at) => ({
    name,
    verbs: ['predict'] as const,
    restPort: stubs[at]?.restPort ?? 0,
    grpcPort: stubs[at]?.grpcPort ?? 0,
  }));
  const policy = { deadlineMs: 1000, restTimeoutMs: 200, maxBodyBytes: 1000 };
  envoy = await startEnvoy(
    fixtureDeployment(fixturePlan('00000000000000bb', units, GRAPH_ROUTES, policy)),
  );
  port = envoy.layout.httpPort;
});

after(async () => {
  await envoy?.stop();
  await filter?.close();
  await Promise.all((stubs ?? []).map((stub) => stub.close()));
});

test('without the filter graph routes answer 503 and say so; gRPC 14', async () => {
  const response = await rest({ port, path: PREDICT, body: '{}' });
  assert.equal(response.status, 503);
  assert.equal(response.headers['sidegraph-error'], 'FILTER_UNAVAILABLE');
  assert.equal(response.headers['retry-after'], '1');
  const called = await grpc(port, '/seldon.protos.Seldon/Predict');
  assert.deepEqual([called.status, called.headers['sidegraph-error']], [14, 'FILTER_UNAVAILABLE']);
});

test('the unit that the filter names gets the body and the path of the filter', async () => {
  filter = await startFilter(envoy.layout.filterSockets[0] ?? '', TAIL);
  const headers = { 'x-sidegraph-unit': 'm/predict/rest', 'ce-specversion': '0.3' };
  const response = await rest({ port, path: PREDICT, body: '{}', headers });
  assert.equal(response.status, 200, response.text);
  const got = JSON.parse(response.text) as Echo;
  assert.deepEqual([got.unit, got.url, got.bytes], ['n', '/predict', TAIL.body.length]);
  assert.equal(got.headers['x-sidegraph-unit'], undefined);
  assert.equal(got.headers['seldon-puid'], response.headers['seldon-puid']);
  assert.equal(response.headers['seldon-routing'], TAIL.routing);
  assert.equal(response.headers['ce-path'], PREDICT);
});

test("the filter's own response and the unit's own 503 pass unchanged", async () => {
  const own = await rest({
    port,
    path: PREDICT,
    body: '{}',
    headers: { 'x-filter': 'answer-503' },
  });
  assert.deepEqual([own.status, own.text], [503, 'from the filter']);
  assert.equal(own.headers['sidegraph-error'], undefined);
  assert.equal(own.headers['access-control-allow-origin'], '*');
  const unit = await rest({ port, path: PREDICT, body: '{}', headers: { 'x-mode': 'own-503' } });
  assert.deepEqual([unit.status, unit.text], [503, 'my own 503']);
});

test('a slow tail call, a hung filter, an unknown unit and a large body have their codes', async () => {
  const cases = [
    { headers: { 'x-mode': 'slow' }, body: '{}', status: 500, code: 'UNIT_TIMEOUT' },
    { headers: { 'x-filter': 'hang' }, body: '{}', status: 504, code: 'DEADLINE_EXCEEDED' },
    { headers: { 'x-filter': 'lost' }, body: '{}', status: 503, code: 'PLAN_UNKNOWN' },
    { headers: {}, body: 'x'.repeat(1001), status: 413, code: 'BODY_TOO_LARGE' },
  ];
  for (const { headers, body, status, code } of cases) {
    const response = await rest({ port, path: PREDICT, body, headers });
    assert.deepEqual([response.status, response.headers['sidegraph-error']], [status, code]);
  }
});
