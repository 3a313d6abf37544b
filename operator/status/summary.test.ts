import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './summary.ts';

test('a column gets the first line, cut at a word', () => {
  assert.equal(summarize(''), '');
  assert.equal(summarize('main: starting'), 'main: starting');
  const long =
    'Kubernetes refuses the Deployment iris-main-0-model: a mount names a volume that the pod does not have';
  assert.equal(
    summarize(long),
    'Kubernetes refuses the Deployment iris-main-0-model: a mount names a volume…',
  );
  assert.equal(summarize('x'.repeat(100)).length, 80);
});

test('of findings the column gets the first, not how many there are', () => {
  assert.equal(
    summarize('2 errors, 0 warnings\nspec.predictors: none; write one\nanother'),
    'spec.predictors: none; write one',
  );
});
