import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDistribution } from '../../extproc/metrics/buckets.ts';
import { LiveMerge } from './merge.ts';
import type { Tally } from './reading.ts';
import type { PodEntry, LiveSample } from './sample.ts';
import type { GraphShape, UnitShape } from './shape.ts';

const unit = (name: string, parent: number, chooses: boolean): UnitShape => ({
  name,
  kind: chooses ? 'ROUTER' : 'MODEL',
  parent,
  branch: 0,
  does: [],
  chooses,
  isBuiltIn: false,
});

const shape = (plan: string, units = ['a', 'b']): GraphShape => ({
  namespace: 'demo',
  deployment: 'iris',
  predictors: [
    {
      name: 'p',
      plan,
      percent: 100,
      shadow: false,
      predictions: ['predictions'],
      feedback: ['/send-feedback'],
      units: [unit('r', -1, true), ...units.map((name) => unit(name, 0, false))],
    },
  ],
});

/** `count` requests in the bucket with this position, each of so many seconds. */
function tally(count: number, bucket: number, seconds: number): Tally {
  const distribution = emptyDistribution();
  distribution.counts[bucket] = count;
  distribution.sumSeconds = count * seconds;
  return { count, errors: 0, distribution };
}

interface Told {
  readonly atMs: number;
  readonly requests: number;
  readonly bucket?: number;
  readonly toB?: number;
  readonly plan?: string;
}

function sample({ atMs, requests, bucket = 1, toB = 0, plan = 'x' }: Told): LiveSample {
  const table = (count: number, service: string) =>
    new Map([[service, tally(count, bucket, 0.01)]]);
  return {
    shape: shape(plan),
    reading: {
      atMs,
      wallMs: 1_700_000_000_000 + atMs,
      inFlight: 1,
      active: new Map([['p/a', 2]]),
      servers: new Map([['p', table(requests, 'predictions')]]),
      units: new Map([
        ['p/r', table(requests, '/route')],
        ['p/a', table(requests - toB, '/predict')],
        ['p/b', table(toB, '/predict')],
      ]),
    },
    requests: [],
  };
}

const entry = (name: string, state: PodEntry['state'] = 'live'): PodEntry => ({
  name,
  predictor: 'p',
  state,
  why: '',
});

test('rates, totals and what is in flight of two pods are added, each over its own window', () => {
  const merge = new LiveMerge();
  merge.take('one', sample({ atMs: 0, requests: 100 }));
  merge.take('two', sample({ atMs: 50_000, requests: 0 }));
  assert.equal(merge.state([entry('one'), entry('two')]), undefined, 'no rate yet');
  merge.take('one', sample({ atMs: 2000, requests: 140, toB: 10 }));
  merge.take('two', sample({ atMs: 51_000, requests: 30, toB: 10 }));
  const state = merge.state([entry('one'), entry('two')]);
  const [predictor] = state?.predictors ?? [];
  // 40 in two seconds and 30 in one.
  assert.equal(predictor?.perSecond, 50);
  assert.equal(predictor?.total, 170);
  assert.equal(state?.inFlight, 2);
  assert.equal(state?.windowSeconds, 2);
  assert.deepEqual(
    predictor?.units.map(({ name, perSecond, share, inFlight }) => [
      name,
      perSecond,
      share,
      inFlight,
    ]),
    [
      ['r', 50, null, 0],
      ['a', 35, 0.7, 4],
      ['b', 15, 0.3, 0],
    ],
  );
  assert.deepEqual(
    state?.pods.map(({ name, perSecond, plan }) => [name, perSecond, plan]),
    [
      ['one', 20, 'x'],
      ['two', 30, 'x'],
    ],
  );
});

test('quantiles are those of all pods together, not a mean of theirs', () => {
  const merge = new LiveMerge();
  for (const pod of ['fast', 'slow'])
    merge.take(pod, sample({ atMs: 0, requests: 0, bucket: pod === 'fast' ? 0 : 6 }));
  merge.take('fast', sample({ atMs: 1000, requests: 990, bucket: 0 }));
  merge.take('slow', sample({ atMs: 1000, requests: 10, bucket: 6 }));
  const [predictor] = merge.state([])?.predictors ?? [];
  // 99 of 100 are in the first bucket, so its end is the p99; a mean of two quantiles would be far above.
  assert.equal(predictor?.p99Ms, 5);
  assert.ok((predictor?.p50Ms ?? 0) < 5);
});

test('a pod that was started anew counts from 0, and one that left takes its counts along', () => {
  const merge = new LiveMerge();
  merge.take('one', sample({ atMs: 0, requests: 500 }));
  merge.take('one', sample({ atMs: 1000, requests: 20 }));
  assert.equal(merge.state([])?.predictors[0]?.perSecond, 20);
  merge.take('two', sample({ atMs: 0, requests: 7 }));
  assert.equal(merge.state([])?.predictors[0]?.total, 27);
  merge.drop('one');
  assert.equal(merge.state([]), undefined);
  merge.take('two', sample({ atMs: 1000, requests: 9 }));
  assert.equal(merge.state([])?.predictors[0]?.total, 9);
});

test('the graph is drawn as most pods serve it, and each pod has the plan that it serves', () => {
  const merge = new LiveMerge();
  for (const [pod, plan] of [
    ['one', 'old'],
    ['two', 'new'],
    ['three', 'new'],
  ] as const) {
    merge.take(pod, sample({ atMs: 0, requests: 0, plan }));
    merge.take(pod, sample({ atMs: 1000, requests: 1, plan }));
  }
  const state = merge.state(['one', 'two', 'three'].map((name) => entry(name)));
  assert.deepEqual(
    state?.predictors.map(({ name, plan }) => [name, plan]),
    [['p', 'new']],
  );
  assert.deepEqual(
    state?.pods.map(({ plan }) => plan),
    ['old', 'new', 'new'],
  );
});

test('requests get numbers of their own and the name of their pod', () => {
  const merge = new LiveMerge();
  const request = {
    id: 1,
    time: 't',
    pod: '',
    predictor: 'p',
    method: 'POST',
    path: '/',
    status: 200,
    grpcStatus: null,
    flags: '',
    error: '',
    ms: 1,
    unit: 'a',
    unitAtMs: null,
    unitMs: null,
    attempts: 1,
    bytesIn: 0,
    bytesOut: 0,
    puid: '',
    traceId: '',
    routing: {},
    calls: [],
    tail: null,
    capture: null,
  };
  const told = ['one', 'two'].flatMap((pod) =>
    merge.take(pod, { ...sample({ atMs: 0, requests: 1 }), requests: [request] }),
  );
  assert.deepEqual(
    told.map(({ id, pod }) => [id, pod]),
    [
      [1, 'one'],
      [2, 'two'],
    ],
  );
});
