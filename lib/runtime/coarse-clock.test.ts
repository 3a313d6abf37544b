import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COARSE_MS, CoarseClock } from './coarse-clock.ts';

test('it stands still for a step, and is right after one', async () => {
  const clock = new CoarseClock();
  const before = performance.now();
  const first = clock.now();
  assert.ok(first >= before && first <= performance.now());
  assert.equal(clock.now(), first);
  await new Promise((resolve) => setTimeout(resolve, COARSE_MS + 20));
  const after = performance.now();
  const second = clock.now();
  assert.ok(second >= after && second - first >= COARSE_MS, `${second - first}`);
});
