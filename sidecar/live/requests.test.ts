import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWanted } from './page/words.ts';
import { type LiveRequest, parseLine, Ring, WaitingWalks } from './requests.ts';

const LINE = {
  time: '2026-11-29T15:07:37.832Z',
  method: 'POST',
  path: '/api/v1.0/predictions',
  code: 503,
  flags: 'UF',
  error: 'UNIT_UNREACHABLE',
  duration_us: 43_465,
  unit: 'c',
  unit_at_us: 31_490,
  unit_us: 11_938,
  attempts: 1,
  bytes_in: 26,
  bytes_out: 15,
  puid: 'p1',
  predictor: 'main',
  routing: '{"r":1,"x":"no number"}',
  grpc_status: null,
};

function read(fields: object = {}): LiveRequest {
  const request = parseLine(JSON.stringify({ ...LINE, ...fields }), 1);
  assert.ok(request !== null);
  return request;
}

test('a line of Envoy is a request, with its times in milliseconds', () => {
  const { ms, unitAtMs, unitMs, status, routing, error, puid } = read();
  assert.deepEqual(
    { ms, unitAtMs, unitMs, status, routing, error, puid },
    {
      ms: 43.465,
      unitAtMs: 31.49,
      unitMs: 11.938,
      status: 503,
      routing: { r: 1 },
      error: 'UNIT_UNREACHABLE',
      puid: 'p1',
    },
  );
});

test('what is missing is absent, and what a client made long is cut', () => {
  const { unit, unitMs, routing, path } = read({
    unit: '-',
    unit_us: null,
    routing: null,
    path: `/${'x'.repeat(5000)}`,
  });
  assert.deepEqual(
    { unit, unitMs, routing, length: path.length },
    {
      unit: '',
      unitMs: null,
      routing: {},
      length: 200,
    },
  );
  assert.equal(read({ traceparent: null }).traceId, '');
  assert.equal(
    read({ traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` }).traceId,
    'ab'.repeat(16),
  );
  assert.equal(parseLine('{"time":"cut', 1), null);
  assert.equal(parseLine('7', 1), null);
});

test('probes and scrapes are no requests', () => {
  const line = (fields: object) => parseLine(JSON.stringify({ ...LINE, ...fields }), 1);
  for (const path of ['/ready', '/live', '/metrics', '/seldon/demo/iris/prometheus'])
    assert.equal(line({ path, route: null }), null, path);
  assert.notEqual(line({ path: '/api/v1.0/metadata', route: null }), null);
  assert.notEqual(line({ path: '/v2/models/m/ready', route: '0123/predict-rest' }), null);
});

test('requests are found by status, by unit and by their time', () => {
  const any = { status: '', unit: '', slowMs: 0 };
  const wants = (request: LiveRequest, filter: object) => isWanted(request, { ...any, ...filter });
  assert.ok(wants(read(), { status: '503' }));
  assert.ok(wants(read(), { status: '5xx' }));
  assert.ok(!wants(read(), { status: '4xx' }));
  assert.ok(wants(read(), { status: 'failed' }));
  assert.ok(!wants(read({ code: 200, error: '-' }), { status: 'failed' }));
  assert.ok(wants(read({ code: 200, error: '-', grpc_status: 14 }), { status: 'grpc 14' }));
  assert.ok(wants(read({ code: 200, error: '-', grpc_status: 14 }), { status: 'failed' }));
  assert.ok(!wants(read({ code: 200, grpc_status: 14 }), { status: '2xx' }));
  assert.ok(wants(read(), { unit: 'c' }));
  assert.ok(wants(read(), { unit: 'r' }));
  assert.ok(!wants(read(), { unit: 'a' }));
  assert.ok(wants(read(), { slowMs: 43 }));
  assert.ok(!wants(read(), { slowMs: 44 }));
});

test('a ring keeps the newest', () => {
  const ring = new Ring<number>(3);
  ring.push([1, 2]);
  ring.push([3, 4, 5]);
  assert.deepEqual(ring.list(), [3, 4, 5]);
});

test('walks wait for their requests, the oldest go first', () => {
  const call = {
    unit: 'r',
    verb: 'route',
    atMs: 1,
    ms: 2,
    status: 200,
    bytesOut: 3,
    bytesIn: 4,
  };
  const waiting = new WaitingWalks(2, 100);
  const tail = { verb: 'predict', bytesOut: 5 };
  waiting.add(['p1', 'p2', 'p3'].map((puid) => ({ predictor: 'main', puid, calls: [call], tail })));
  assert.deepEqual(waiting.join(read({ puid: 'p1' })).calls, []);
  assert.deepEqual(waiting.join(read({ puid: 'p3', predictor: 'shadow' })).calls, []);
  assert.deepEqual(waiting.join(read({ puid: 'p2' })).tail, tail);
  assert.deepEqual(waiting.join(read({ puid: 'p3' })).calls, [call]);
  assert.deepEqual(waiting.join(read({ puid: 'p3' })).calls, []);
});

test('what waits is bounded by walks, and by their calls', () => {
  const call = { unit: 'u', verb: 'predict', atMs: 1, ms: 2, status: 200, bytesOut: 3, bytesIn: 4 };
  const walksOf = (count: number, calls: number) =>
    Array.from({ length: count }, (_, at) => ({
      predictor: 'main',
      puid: `${calls}-${at}`,
      calls: Array.from({ length: calls }, () => call),
      tail: null,
    }));
  const waiting = new WaitingWalks(100, 1000);
  waiting.add(walksOf(5000, 1));
  assert.ok(waiting.size <= 100 && waiting.size >= 50, `${waiting.size} walks`);
  assert.equal(waiting.join(read({ puid: '1-4999' })).calls.length, 1, 'the newest is there');
  // A graph of a hundred units, and one that is larger than all that may wait.
  waiting.add(walksOf(500, 100));
  assert.ok(waiting.size <= 10, `${waiting.size} walks of 100 calls`);
  assert.equal(waiting.join(read({ puid: '100-499' })).calls.length, 100, 'the newest is there');
  waiting.clear();
  assert.equal(waiting.size, 0);
});
