import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../testing/plans.ts';
import { countOf } from './buckets.ts';
import { timedCalls } from './testing/timed-calls.ts';

const plan = (image: string) =>
  testPlan({
    name: 'r',
    type: 'ROUTER',
    image,
    httpPort: 9000,
    grpcPort: 9500,
    children: [{ name: 'm', type: 'MODEL', httpPort: 9001 }],
  });

test('a call lands in the bucket that holds it, under the labels of Seldon', () => {
  const { calls, prepare } = timedCalls();
  const observe = prepare(plan('registry:5000/router:1.2'));
  observe(0, 'route', 'rest', 200, 4);
  observe(0, 'route', 'rest', 200, 5);
  observe(0, 'route', 'rest', 200, 5.1);
  observe(0, 'route', 'rest', 200, 60_000);
  const [series, ...others] = [...calls.collect()];
  assert.deepEqual(others, []);
  assert.deepEqual(series?.labels, {
    code: '200',
    deployment_name: 'test-deployment',
    method: 'post',
    model_image: 'registry:5000/router',
    model_name: 'r',
    model_version: '1.2',
    predictor_name: 'p',
    predictor_version: '',
    service: '/route',
  });
  const { counts, sumSeconds } = series.distribution;
  assert.deepEqual([counts[0], counts[1], counts.at(-1)], [2, 1, 1]);
  assert.ok(Math.abs(sumSeconds - 60.0141) < 1e-9);
});

test('each status is a series of its own; gRPC codes have their names', () => {
  const { calls, prepare } = timedCalls();
  const observe = prepare(plan(''));
  observe(0, 'route', 'grpc', 0, 1);
  observe(0, 'route', 'grpc', 14, 1);
  observe(0, 'route', 'grpc', 0, 1);
  const seen = [...calls.collect()].map(({ labels, distribution }) => [
    labels.code,
    labels.method,
    labels.service,
    countOf(distribution),
  ]);
  assert.deepEqual(seen, [
    ['OK', 'unary', '/seldon.protos.Router/Route', 2],
    ['Unavailable', 'unary', '/seldon.protos.Router/Route', 1],
  ]);
});

test('a call that was given up is counted as such, and none of the unit’s faults', () => {
  const { calls, prepare } = timedCalls();
  const observe = prepare(plan(''));
  observe(0, 'route', 'rest', 'cancelled', 30);
  observe(0, 'route', 'grpc', 'cancelled', 30);
  const seen = [...calls.collect()].map(({ labels, distribution }) => [
    labels.code,
    countOf(distribution),
    distribution.sumSeconds,
  ]);
  assert.deepEqual(seen, [
    ['499', 1, 0.03],
    ['Canceled', 1, 0.03],
  ]);
  assert.deepEqual(calls.active(), { 'p/r': 0, 'p/m': 0 });
});

test('a plan that follows another with the same units counts on in the same series', () => {
  const { calls, prepare } = timedCalls();
  prepare(plan('a:1'))(1, 'predict', 'rest', 200, 1);
  prepare(plan('a:1'))(1, 'predict', 'rest', 200, 1);
  const all = [...calls.collect()];
  assert.equal(all.length, 1);
  assert.equal(countOf(all[0]?.distribution ?? assert.fail()), 2);
});

test('calls over egress are not counted: Envoy counts them', () => {
  const { calls, prepare } = timedCalls();
  const direct = plan('');
  const edges = direct.edges.map((edge) => ({ ...edge, via: 'egress' }) as const);
  prepare({ ...direct, edges })(0, 'route', 'rest', 200, 1);
  assert.deepEqual([...calls.collect()], []);
});

test('a unit that answers with ever new codes makes no end of series', () => {
  const { calls, prepare } = timedCalls();
  const observe = prepare(plan(''));
  for (let code = 0; code < 5000; code++) observe(1, 'predict', 'rest', code, 1);
  observe(1, 'predict', 'rest', 5, 1);
  const all = [...calls.collect()];
  assert.ok(all.length <= 65, String(all.length));
  const total = all.reduce((sum, { distribution }) => sum + countOf(distribution), 0);
  assert.equal(total, 5001);
  assert.ok(all.some(({ labels }) => labels['code'] === 'other'));
});
