import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlan, type TestUnit } from '../testing/plans.ts';
import type { Choice } from './branch-memory.ts';
import { followChoices } from './follow-choices.ts';

const model = (name: string): TestUnit => ({ name, type: 'MODEL' });
const router = (name: string, ...children: TestUnit[]): TestUnit => ({
  name,
  type: 'ROUTER',
  children,
});
const chose = (unit: string, branch: number, ...children: string[]): Choice => ({
  unit,
  branch,
  children,
});

function follow(graph: TestUnit, ...choices: Choice[]): unknown {
  const followed = followChoices(testPlan(graph), choices);
  return followed.kind === 'gone' ? followed.info : [[...followed.choices], followed.routing];
}

test('in the same plan the branches are those that were taken', () => {
  const graph = router('r', model('a'), router('s', model('b'), model('c')));
  // Pre-order: r, a, s, b, c.
  assert.deepEqual(follow(graph, chose('r', 1, 's'), chose('s', 0, 'b')), [
    [1, -1, 0, -1, -1],
    { r: 1, s: 0 },
  ]);
  assert.deepEqual(follow(graph, chose('r', 0, 'a')), [[0, -1, -1, -1, -1], { r: 0 }]);
  assert.deepEqual(follow(graph, chose('r', -2)), [[-2, -1, -1, -1, -1], { r: -2 }]);
  const all = [chose('r', -1, 'a', 's'), chose('s', 1, 'c')];
  assert.deepEqual(follow(graph, ...all), [[-1, -1, 1, -1, -1], { r: -1, s: 1 }]);
});

test('children are found by name where the plan has another order', () => {
  const graph = router('r', model('new'), model('b'), model('a'));
  assert.deepEqual(follow(graph, chose('r', 0, 'a')), [[2, -1, -1, -1], { r: 2 }]);
});

test('what leads elsewhere than the request went is gone, and says why', () => {
  const graph = router('r', model('a'), model('b'));
  assert.equal(follow(graph, chose('r', 1, 'c')), 'unit "r" has no child "c"');
  assert.equal(
    follow(router('q', graph, model('d')), chose('r', 0, 'a')),
    'unit "q" did not choose for that request',
  );
  assert.equal(follow(graph, chose('r', 0, 'a'), chose('s', 0, 'b')), 'unit "s" is not on the way');
  assert.equal(follow(model('a'), chose('r', 0, 'a')), 'unit "r" is not on the way');
  assert.equal(
    follow(router('r', model('a'), model('b'), model('c')), chose('r', -1, 'a', 'b')),
    'unit "r" has children that the request did not pass',
  );
  assert.equal(follow(graph, chose('r', -1, 'a', 'b', 'c')), 'unit "r" has no child "c"');
});

test('a unit above that chooses nothing changes nothing', () => {
  const graph: TestUnit = {
    name: 't',
    type: 'TRANSFORMER',
    children: [router('r', model('a'), model('b'))],
  };
  assert.deepEqual(follow(graph, chose('r', 1, 'b')), [[-1, 1, -1, -1], { r: 1 }]);
});
