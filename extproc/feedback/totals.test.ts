import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan, type TestUnit } from '../testing/plans.ts';
import { FeedbackTotals } from './totals.ts';

const model = (name: string): TestUnit => ({ name, type: 'MODEL' });
// Pre-order: t, r, a, c, x, y.
const GRAPH: TestUnit = {
  name: 't',
  type: 'TRANSFORMER',
  children: [
    {
      name: 'r',
      type: 'ROUTER',
      children: [model('a'), { name: 'c', type: 'COMBINER', children: [model('x'), model('y')] }],
    },
  ],
};

function countsOf(totals: FeedbackTotals): Record<string, number> {
  return Object.fromEntries(
    totals.units().map(({ labels, feedback }) => [labels['model_name'], feedback]),
  );
}

test('every unit on the way is counted, and none beside it', () => {
  const totals = new FeedbackTotals();
  const tally = totals.open(testPlan(GRAPH));
  tally.add(Int32Array.of(-1, 1, -1, -1, -1, -1), 1);
  assert.deepEqual(countsOf(totals), { t: 1, r: 1, a: 0, c: 1, x: 1, y: 1 });
  tally.add(Int32Array.of(-1, 0, -1, -1, -1, -1), 1);
  tally.add(Int32Array.of(-1, -2, -1, -1, -1, -1), 1);
  tally.add(Int32Array.of(-1, -1, -1, -1, -1, -1), 1);
  assert.deepEqual(countsOf(totals), { t: 4, r: 4, a: 2, c: 2, x: 2, y: 2 });
});

test('a reward of 0 counts, one below 0 is kept apart, and what is none is not added', () => {
  const totals = new FeedbackTotals();
  const tally = totals.open(testPlan(model('m')));
  for (const reward of [0, 0.5, 1, -0.25, -0, Number.NaN, Number.POSITIVE_INFINITY])
    tally.add(Int32Array.of(-1), reward);
  const [unit] = totals.units();
  assert.deepEqual([unit?.feedback, unit?.reward, unit?.penalty], [7, 1.5, 0.25]);
});

test('a later plan of the same units goes on counting, and branches are those of plans that are open', () => {
  const totals = new FeedbackTotals();
  const first = totals.open(testPlan(GRAPH));
  first.add(Int32Array.of(-1, 0, -1, -1, -1, -1), 1);
  const second = totals.open(testPlan(GRAPH, 'fedcba9876543210'));
  first.close();
  second.add(Int32Array.of(-1, 0, -1, -1, -1, -1), 1);
  assert.equal(countsOf(totals)['a'], 2);
  assert.deepEqual(
    totals.branches().map(({ router, branch, model_name: unit }) => [router, branch, unit]),
    [
      ['r', '0', 'a'],
      ['r', '1', 'c'],
    ],
  );
  second.close();
  second.close();
  assert.deepEqual(totals.branches(), []);
  assert.equal(countsOf(totals)['a'], 2);
});
