import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differsInPlansAlone } from './hold-status.ts';

const LIVE = { type: 'PlanLive', status: 'True' };
const READY = { type: 'Ready', status: 'True' };
const STORED = {
  state: 'Available',
  predictors: [{ name: 'main', plan: 'abc', plans: { abc: 2 }, ready: true }],
  conditions: [LIVE, READY],
};

test('a status that only no longer knows what pods serve can wait for their responses', () => {
  const next = {
    ...STORED,
    predictors: [{ name: 'main', plan: 'abc', plans: { unknown: 2 }, ready: true }],
    conditions: [{ type: 'PlanLive', status: 'False', reason: 'Swapping' }, READY],
  };
  assert.equal(differsInPlansAlone(next, STORED), true);
});

test('another plan, another condition or another state cannot wait', () => {
  const plan = { ...STORED, predictors: [{ name: 'main', plan: 'def', plans: {}, ready: true }] };
  const condition = { ...STORED, conditions: [LIVE, { ...READY, status: 'False' }] };
  for (const next of [plan, condition, { ...STORED, state: 'Creating' }])
    assert.equal(differsInPlansAlone(next, STORED), false);
});

test('a first status cannot wait', () => {
  assert.equal(differsInPlansAlone(STORED, {}), false);
});
