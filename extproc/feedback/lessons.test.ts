import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import { MemoryStore } from '../policies/memory-store.ts';
import { testPlan, type TestUnit } from '../testing/plans.ts';
import { noLessons, openLessons } from './lessons.ts';

const model = (name: string): TestUnit => ({ name, type: 'MODEL' });
/** Pre-order: r, a, s, x, y; r and s learn. */
const GRAPH: TestUnit = {
  name: 'r',
  type: 'ROUTER',
  children: [model('a'), { name: 's', type: 'ROUTER', children: [model('x'), model('y')] }],
};

function open(
  policies: readonly string[] = ['EPSILON_GREEDY', 'THOMPSON_SAMPLING'],
  over: Partial<Plan> = {},
) {
  const plan = testPlan(GRAPH, undefined, over);
  const [a, s] = plan.walk.children as [Step, Step];
  const learning = (step: Step, policy = ''): Step => ({
    ...step,
    choose: { kind: 'policy', policy, parameters: {} },
  });
  const walk = learning({ ...plan.walk, children: [a, learning(s, policies[1])] }, policies[0]);
  const store = new MemoryStore();
  const counts = noLessons();
  const lessons = openLessons({ ...plan, walk }, store, counts);
  const known = (): Record<string, readonly [number, number]> =>
    Object.fromEntries(
      store
        .list()
        .map(({ unit, child, tries, successes }) => [
          `${unit.split('/').at(-1)} ${child}`,
          [tries, successes] as const,
        ]),
    );
  return { lessons, counts, known };
}

/** What r and s chose. */
const chosen = (r: number, s: number): Int32Array => Int32Array.of(r, -1, s, -1, -1);

test('each router on the way learns of the branch that it took', () => {
  const { lessons, counts, known } = open();
  lessons.add(chosen(1, 0), 0.75, 1);
  lessons.add(chosen(0, 1), 1, 1);
  assert.deepEqual(known(), { 'r a': [1, 1], 'r s': [1, 0.75], 's x': [1, 0.75] });
  assert.deepEqual(counts, { learned: 3, clamped: 0, ignored: 0 });
  const state = lessons.stateOf(2);
  assert.deepEqual(
    state?.branches.map(({ tries, successes }) => [tries, successes]),
    [
      [1, 0.75],
      [0, 0],
    ],
  );
  assert.equal(lessons.stateOf(1), undefined, 'a model learns nothing');
});

test('a reward is of as many rows as the request had, and counts from 0 to 1', () => {
  const { lessons, counts, known } = open();
  lessons.add(chosen(0, -1), 0.25, 8);
  assert.deepEqual(known(), { 'r a': [8, 2] });
  lessons.add(chosen(0, -1), -7, 2);
  lessons.add(chosen(0, -1), 7, 2);
  assert.deepEqual(known(), { 'r a': [12, 4] });
  lessons.add(chosen(0, -1), 0, 1);
  lessons.add(chosen(0, -1), -0, 1);
  assert.deepEqual(known(), { 'r a': [14, 4] });
  assert.deepEqual(counts, { learned: 3, clamped: 2, ignored: 0 });
});

test('what says nothing of one branch teaches nothing', () => {
  const { lessons, counts, known } = open();
  for (const reward of [Number.NaN, Infinity, -Infinity]) lessons.add(chosen(0, -1), reward, 1);
  lessons.add(chosen(0, -1), 1, 0);
  lessons.add(chosen(-2, -1), 1, 1);
  assert.deepEqual(counts, { learned: 0, clamped: 0, ignored: 5 });
  // To all children: both routers are on the way, and neither took one.
  lessons.add(chosen(-1, -1), 1, 1);
  assert.deepEqual(counts, { learned: 0, clamped: 0, ignored: 7 });
  assert.deepEqual(known(), {});
});

test('a shadow learns nothing, as the responses were of another predictor', () => {
  const { lessons, counts, known } = open(undefined, { isShadow: true });
  lessons.add(chosen(1, 0), 1, 1);
  assert.deepEqual([known(), counts], [{}, noLessons()]);
  assert.equal(lessons.stateOf(2)?.branches.length, 2, 'it chooses all the same');
});

test('a router of another policy learns nothing', () => {
  const { lessons, counts, known } = open(['SIMPLE_ROUTER', 'LATER']);
  lessons.add(chosen(1, 1), 1, 1);
  assert.deepEqual([known(), counts], [{}, noLessons()]);
  assert.equal(lessons.stateOf(0), undefined);
});
