import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageParts } from './clusters.ts';

test("an image is split at its tag, not at a registry's port or a digest", () => {
  assert.deepEqual(imageParts('repo/model:1.0'), { image: 'repo/model', version: '1.0' });
  assert.deepEqual(imageParts('host:5000/model'), { image: 'host:5000/model', version: '' });
  assert.deepEqual(imageParts('host:5000/model:2'), { image: 'host:5000/model', version: '2' });
  assert.deepEqual(imageParts('model@sha256:00ff'), { image: 'model@sha256:00ff', version: '' });
  assert.deepEqual(imageParts(''), { image: '', version: '' });
});
