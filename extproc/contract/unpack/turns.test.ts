import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('so many run, so many wait in order, and whoever is one too many is told', () => {
  const turns = new Turns(2, 2);
  const started: number[] = [];
  const [a, b, c, d, e] = [1, 2, 3, 4, 5].map((n) => turns.take(() => started.push(n)));
  assert.deepEqual(started, [1, 2]);
  assert.equal(e, undefined);
  b?.end();
  b?.end();
  assert.deepEqual(started, [1, 2, 3]);
  // One that waits and is not wanted any more.
  d?.end();
  assert.equal(turns.waiting, 0);
  a?.end();
  c?.end();
  assert.deepEqual(started, [1, 2, 3]);
  assert.equal(turns.running, 0);
});
