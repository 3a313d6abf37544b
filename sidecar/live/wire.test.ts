import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../../extproc/testing/plans.ts';
import { emptyDistribution } from '../../extproc/metrics/buckets.ts';
import type { LiveSample } from './sample.ts';
import { shapeOf } from './shape.ts';
import { liveState } from './state.ts';
import { parseLiveSample, renderLiveSample } from './wire.ts';

const plan = testPlan({
  name: 'r',
  type: 'ROUTER',
  httpPort: 1,
  children: [
    { name: 'a', type: 'MODEL', httpPort: 2 },
    { name: 'b', type: 'MODEL', httpPort: 3 },
  ],
});

function tally(count: number) {
  const distribution = emptyDistribution();
  distribution.counts[2] = count;
  distribution.sumSeconds = count / 100;
  return { count, errors: 1, distribution };
}

const SAMPLE: LiveSample = {
  shape: shapeOf({
    deployment: 'iris',
    namespace: 'demo',
    predictors: [{ plan, traffic: 75, shadow: false }],
  }),
  reading: {
    atMs: 1234.5,
    wallMs: 1_700_000_000_000,
    inFlight: 3,
    active: new Map([['p/a', 2]]),
    servers: new Map([['p', new Map([['predictions', tally(9)]])]]),
    units: new Map([['p/a', new Map([['/predict', tally(7)]])]]),
  },
  requests: [
    {
      id: 4,
      time: '2026-11-29T15:11:55.857Z',
      pod: '',
      predictor: 'p',
      method: 'POST',
      path: '/api/v1.0/predictions',
      status: 200,
      grpcStatus: null,
      flags: '',
      error: '',
      ms: 2.5,
      unit: 'a',
      unitAtMs: 1,
      unitMs: 0.5,
      attempts: 1,
      bytesIn: 10,
      bytesOut: 20,
      puid: 'p1',
      traceId: '',
      routing: { r: 0 },
      calls: [
        { unit: 'r', verb: 'route', atMs: 0, ms: 1, status: 200, bytesOut: 10, bytesIn: 5 },
        { unit: 'b', verb: 'predict', atMs: 0, ms: null, status: null, bytesOut: 1, bytesIn: 0 },
      ],
      tail: { verb: 'predict', bytesOut: 10 },
      capture: null,
    },
  ],
};

test('a sample is read as it was written', () => {
  assert.deepEqual(parseLiveSample(renderLiveSample(SAMPLE)), { kind: 'sample', sample: SAMPLE });
});

test('what is no sample, or of another version, is told apart', () => {
  assert.deepEqual(parseLiveSample('{"version":2,"shape":7}'), { kind: 'unreadable', version: 2 });
  for (const text of ['', 'null', '[]', '{"version":"1"}', '<html>'])
    assert.deepEqual(parseLiveSample(text), { kind: 'unreadable', version: null });
});

test('a pod that tells nonsense costs no more than it may, and breaks nothing', () => {
  const units = Array.from({ length: 5000 }, (_, at) => ({ name: `u${at}`, parent: at }));
  const hostile = {
    version: 1,
    shape: { predictors: [{ name: 'x'.repeat(9999), units, predictions: 'no list' }, 3, null] },
    atMs: 'soon',
    wallMs: 1e300,
    inFlight: {},
    active: [1, 2],
    servers: { p: { s: ['a', null, 1, { b: 2 }] }, q: 7 },
    units: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, {}])),
    requests: Array.from({ length: 5000 }, () => ({
      path: 7,
      routing: { __proto__: 1 },
      calls: [{ unit: {} }, 'no call'],
    })),
  };
  const parsed = parseLiveSample(JSON.stringify(hostile));
  assert.ok(parsed.kind === 'sample');
  const { shape, reading, requests } = parsed.sample;
  assert.equal(shape.predictors[0]?.name.length, 500);
  assert.equal(shape.predictors[0]?.units.length, 512);
  assert.ok(shape.predictors[0].units.every(({ parent }) => parent === -1));
  assert.equal(reading.units.size, 512);
  assert.equal(requests.length, 400);
  assert.deepEqual(requests[0]?.calls.length, 1);
  const state = liveState(shape, [{ before: reading, now: reading }]);
  assert.equal(state.inFlight, null);
  assert.ok(Number.isFinite(Date.parse(state.at)));
});
