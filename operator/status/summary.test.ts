import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './summary.ts';

test('a column gets the first line, cut at a word', () => {
  assert.equal(summarize(''), '');
  assert.equal(summarize('main: starting'), 'main: starting');
  const long =
    'main: 1 of 2 pods: container classifier runs but is not ready yet; 1 of 2 pods: starting';
  assert.equal(
    summarize(long),
    'main: 1 of 2 pods: container classifier runs but is not ready yet; 1 of 2…',
  );
  assert.equal(summarize('x'.repeat(100)).length, 80);
});

test('of findings the column gets the first, not how many there are', () => {
  assert.equal(
    summarize('2 errors, 0 warnings\nspec.predictors: none; write one\nanother'),
    'spec.predictors: none; write one',
  );
});

test('where there is no room for all, the column gets the reason', () => {
  for (const [description, column] of [
    [
      '1 error, 0 warnings\nspec.predictors[0].componentSpecs[0].spec.containers[0].volumeMounts[0].name: the pod has no volume "nope"; name a volume',
      'the pod has no volume "nope"; name a volume',
    ],
    [
      'Kubernetes refuses the Deployment iris-main-0-model: a mount names a volume that the pod does not have',
      'refused: a mount names a volume that the pod does not have',
    ],
    [
      "Kubernetes refuses the Deployment iris-main-0-model: ValidatingAdmissionPolicy 'images' with binding 'images' denied request: images come from our registry",
      'refused: images come from our registry',
    ],
    [
      'Kubernetes refuses what is made of it: admission webhook "policy.example.com" denied the request: no privileged pods here, whoever asks',
      'refused: no privileged pods here, whoever asks',
    ],
  ] as const)
    assert.equal(summarize(description), column);
});
