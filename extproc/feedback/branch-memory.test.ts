import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PUID_BYTES } from '../../dialects/reading-limits.ts';
import type { FeedbackMemory } from '../../graph/plan/plan.ts';
import { testPlan, type TestUnit } from '../testing/plans.ts';
import { BranchMemory } from './branch-memory.ts';
import { requestOf } from './testing/request-of.ts';

const BOUNDS: FeedbackMemory = {
  feedbackTtlMs: 1000,
  feedbackEntries: 100,
  feedbackBytes: 64 * 1024,
};
const model = (name: string): TestUnit => ({ name, type: 'MODEL' });
const GRAPH: TestUnit = { name: 'r', type: 'ROUTER', children: [model('a'), model('b')] };

/** A memory whose clock is `time.ms`. */
function remembering(bounds: Partial<FeedbackMemory> = {}, startMs = 5) {
  const time = { ms: startMs };
  const memory = new BranchMemory(() => time.ms);
  memory.limit({ ...BOUNDS, ...bounds }, 1);
  const { remember, close } = memory.open(testPlan(GRAPH));
  const put = (puid: string, branch: number): void =>
    remember(requestOf(puid), Int32Array.of(branch, -1, -1));
  return { memory, time, put, close };
}

test('what a request chose is recalled once, by name', () => {
  const { memory, put } = remembering();
  put('one', 1);
  put('all', -1);
  put('none', -2);
  assert.deepEqual(memory.recall('one'), {
    kind: 'found',
    puid: 'one',
    predictor: 'p',
    choices: [{ unit: 'r', children: ['b'], branch: 1 }],
  });
  assert.equal(memory.recall('one').kind, 'duplicate');
  assert.deepEqual(memory.recall('all'), {
    kind: 'found',
    puid: 'all',
    predictor: 'p',
    choices: [{ unit: 'r', children: ['a', 'b'], branch: -1 }],
  });
  assert.deepEqual(memory.recall('none'), {
    kind: 'found',
    puid: 'none',
    predictor: 'p',
    choices: [{ unit: 'r', children: [], branch: -2 }],
  });
  assert.equal(memory.recall('other').kind, 'unknown');
});

test('what was released can be recalled again', () => {
  const { memory, put } = remembering();
  put('one', 1);
  assert.equal(memory.recall('one').kind, 'found');
  memory.release('one');
  assert.equal(memory.recall('one').kind, 'found');
  memory.release('other');
});

test('a request is expired after its time to live, and unknown after that again', () => {
  const { memory, time, put } = remembering();
  put('one', 0);
  put('given', 0);
  time.ms += 999;
  assert.equal(memory.recall('given').kind, 'found');
  time.ms += 1;
  assert.equal(memory.recall('one').kind, 'expired');
  assert.equal(memory.recall('given').kind, 'duplicate', 'that it was given says more');
  time.ms += 1000;
  for (let n = 0; n < 2; n++) put(`later-${n}`, 0);
  assert.equal(memory.recall('one').kind, 'unknown');
  assert.deepEqual(memory.counts().evicted, 0, 'its time was over');
});

test('the clock may pass its 32 bits', () => {
  const { memory, time, put } = remembering({}, 2 ** 32 - 500);
  put('one', 1);
  time.ms += 900;
  assert.equal(memory.recall('one').kind, 'found');
  put('two', 1);
  time.ms += 1000;
  assert.equal(memory.recall('two').kind, 'expired');
});

test('for want of room the oldest leave first, and are counted', () => {
  const { memory, put } = remembering({ feedbackEntries: 10 });
  for (let n = 0; n < 15; n++) put(`r${n}`, 0);
  assert.equal(memory.recall('r4').kind, 'unknown');
  assert.equal(memory.recall('r5').kind, 'found');
  assert.deepEqual(memory.counts(), {
    requests: 10,
    bytes: 10 * 4 * 6,
    evicted: 5,
  });
  for (let n = 0; n < 10; n++) put(`s${n}`, 0);
  assert.equal(memory.counts().evicted, 14, 'one had been given out');
});

test('in bytes too', () => {
  const { memory, put } = remembering({ feedbackEntries: 1_000_000 });
  const long = (n: number): string => String(n).padStart(MAX_PUID_BYTES, '-');
  for (let n = 0; n < 5000; n++) put(long(n), 0);
  const { requests, bytes, evicted } = memory.counts();
  assert.ok(bytes <= BOUNDS.feedbackBytes, `${bytes}`);
  assert.equal(requests + evicted, 5000);
  assert.ok(requests > 200, `${requests}`);
  assert.equal(memory.recall(long(5000 - requests - 1)).kind, 'unknown');
  assert.equal(memory.recall(long(5000 - requests)).kind, 'found');
});

test('a puid that is too long is not remembered', () => {
  const { memory, put } = remembering();
  put('x'.repeat(MAX_PUID_BYTES + 1), 0);
  assert.equal(memory.counts().requests, 0);
  put('x'.repeat(MAX_PUID_BYTES), 0);
  assert.equal(memory.counts().requests, 1);
});

test('of two requests with one puid the later counts', () => {
  const { memory, put } = remembering();
  put('one', 0);
  assert.equal(memory.recall('one').kind, 'found');
  put('one', 1);
  const recalled = memory.recall('one');
  assert.ok(recalled.kind === 'found');
  assert.equal(recalled.choices[0]?.branch, 1);
  assert.equal(memory.counts().requests, 2);
});

test('units that were not reached are left out', () => {
  const memory = new BranchMemory();
  memory.limit(BOUNDS, 1);
  const inner = { name: 's', type: 'ROUTER', children: [model('b'), model('c')] } as const;
  const plan = testPlan({ name: 'r', type: 'ROUTER', children: [model('a'), inner] });
  memory.open(plan).remember(requestOf('one'), Int32Array.of(0, -1, -128, -128, -128));
  const recalled = memory.recall('one');
  assert.ok(recalled.kind === 'found');
  assert.deepEqual(recalled.choices, [{ unit: 'r', children: ['a'], branch: 0 }]);
});

test('what a plan left behind is recalled after it, by its own names', () => {
  const { memory, put, close } = remembering();
  put('old', 1);
  close();
  const other = testPlan({ name: 'q', type: 'ROUTER', children: [model('x'), model('y')] });
  memory.open(other).remember(requestOf('new'), Int32Array.of(0, -1, -1));
  const [old, young] = [memory.recall('old'), memory.recall('new')];
  assert.ok(old.kind === 'found' && young.kind === 'found');
  assert.deepEqual(old.choices, [{ unit: 'r', children: ['b'], branch: 1 }]);
  assert.deepEqual(young.choices, [{ unit: 'q', children: ['x'], branch: 0 }]);
});

test('workers share the bounds', () => {
  const memory = new BranchMemory();
  memory.limit({ ...BOUNDS, feedbackEntries: 10 }, 3);
  const { remember } = memory.open(testPlan(GRAPH));
  for (let n = 0; n < 10; n++) remember(requestOf(`r${n}`), Int32Array.of(0, -1, -1));
  assert.equal(memory.counts().requests, 4);
  memory.limit(undefined, 3);
  assert.deepEqual(memory.counts(), { requests: 0, bytes: 0, evicted: 6 });
  assert.equal(memory.recall('r9').kind, 'unknown');
});
