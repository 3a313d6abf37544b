import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retain, withRetained } from './retained.ts';

const named = (...names: readonly string[]) => names.map((name) => ({ name }));

test('what a plan drops is kept until its time, what comes back is live again', () => {
  const first = retain(named('a', 'b'), new Map(), named('b', 'c'), 0, 100);
  assert.deepEqual(withRetained(named('b', 'c'), first), named('b', 'c', 'a'));
  const second = retain(named('b', 'c'), first, named('a'), 50, 150);
  assert.deepEqual(withRetained(named('a'), second), named('a', 'b', 'c'));
  const third = retain(named('a'), second, named('a'), 150, 250);
  assert.deepEqual(withRetained(named('a'), third), named('a'));
});
