import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './testing/fuzz.ts';

test('conversions say what naive ones say, and nothing throws, on generated and damaged messages', () => {
  assert.equal(fuzz(20_000, 5), undefined);
});
