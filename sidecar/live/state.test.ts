import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan } from '../../extproc/testing/plans.ts';
import type { DeploymentPlan, Plan } from '../../graph/plan/plan.ts';
import { BUCKETS_SECONDS } from '../../graph/plan/names.ts';
import { edgeWords } from './page/words.ts';
import { type Reading, readCounters } from './reading.ts';
import { shapeOf } from './shape.ts';
import { liveState } from './state.ts';

const FAMILY = 'seldon_api_executor';

/** `count` calls, all in the bucket that ends at `le` seconds. */
function series(side: 'server' | 'client', labels: string, count: number, le: number): string {
  const name = `${FAMILY}_${side}_requests_seconds`;
  const buckets = BUCKETS_SECONDS.map(
    (bound) => `${name}_bucket{${labels},le="${bound}"} ${bound >= le ? count : 0}`,
  );
  return [
    ...buckets,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${(count * le) / 2}`,
    `${name}_count{${labels}} ${count}`,
    '',
  ].join('\n');
}

const server = (count: number, code = '200', service = 'predictions') =>
  series('server', `code="${code}",predictor_name="p",service="${service}"`, count, 0.025);
const client = (unit: string, count: number, service = '/predict', code = '200') =>
  series(
    'client',
    `code="${code}",model_name="${unit}",predictor_name="p",service="${service}"`,
    count,
    0.01,
  );

function reading(atMs: number, text: string): Reading {
  return {
    atMs,
    wallMs: 1_700_000_000_000 + atMs,
    inFlight: 2,
    active: new Map([['p/a', 3]]),
    ...readCounters(text),
  };
}

function deploymentOf(plan: Plan): DeploymentPlan {
  return {
    deployment: 'iris',
    namespace: 'demo',
    predictors: [{ plan, traffic: 100, shadow: false }],
  };
}

const model = (name: string, httpPort: number) => ({ name, type: 'MODEL', httpPort }) as const;
const plan = testPlan({
  name: 'r',
  type: 'ROUTER',
  httpPort: 1,
  children: [
    model('a', 2),
    {
      name: 'c',
      type: 'COMBINER',
      builtIn: 'AVERAGE_COMBINER',
      children: [model('x', 3), model('y', 4)],
    },
  ],
});

test('rates and times are those between two readings, feedback left out', () => {
  const before = reading(0, server(100) + client('r', 100, '/route') + client('a', 100));
  const now = reading(
    5000,
    server(195) +
      server(5, '500') +
      server(50, '200', 'feedback') +
      client('r', 200, '/route') +
      client('r', 50, '/send-feedback') +
      client('a', 170) +
      client('a', 5, '/predict', '500') +
      client('x', 25) +
      client('y', 25),
  );
  const state = liveState(shapeOf(deploymentOf(plan)), [{ before, now }]);
  assert.deepEqual(
    { at: state.at, seconds: state.windowSeconds, inFlight: state.inFlight },
    { at: '2023-11-14T22:13:25.000Z', seconds: 5, inFlight: 2 },
  );
  const [predictor] = state.predictors;
  assert.ok(predictor !== undefined);
  const { perSecond, errorsPerSecond, meanMs, p50Ms, total, errors } = predictor;
  assert.deepEqual(
    { perSecond, errorsPerSecond, meanMs, p50Ms, total, errors },
    {
      perSecond: 20,
      errorsPerSecond: 1,
      meanMs: 12.5,
      p50Ms: 17.5,
      total: 200,
      errors: 5,
    },
  );
  assert.deepEqual(
    predictor.units.map(({ inFlight }) => inFlight),
    [0, 3, 0, 0, 0],
  );
  assert.deepEqual(
    predictor.units.map(({ name, kind, parent, branch, share, perSecond: each, chooses }) => [
      name,
      kind,
      parent,
      branch,
      share,
      each,
      chooses,
    ]),
    [
      ['r', 'ROUTER', -1, 0, null, 20, true],
      ['a', 'MODEL', 0, 0, 0.75, 15, false],
      ['c', 'AVERAGE_COMBINER', 0, 1, 0.25, 5, false],
      ['x', 'MODEL', 2, 0, null, 5, false],
      ['y', 'MODEL', 2, 1, null, 5, false],
    ],
  );
  assert.deepEqual(edgeWords(predictor.units[1] ?? predictor), [
    '15/s, 1.0 errors',
    'p50 7.5 p99 9.9 ms',
  ]);
});

test('a graph that nothing happens to has no times and no shares', () => {
  const text = server(7) + client('a', 7);
  const state = liveState(shapeOf(deploymentOf(plan)), [
    { before: reading(0, text), now: reading(1000, text) },
  ]);
  const [predictor] = state.predictors;
  assert.deepEqual(
    [predictor?.perSecond, predictor?.meanMs, predictor?.p99Ms, predictor?.total],
    [0, null, null, 7],
  );
  assert.deepEqual(
    predictor?.units.map(({ share }) => share),
    [null, null, null, null, null],
  );
  assert.deepEqual(predictor === undefined ? undefined : edgeWords(predictor), ['0/s', '']);
});
