import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitImage } from './split-image.ts';

test("an image is split at its tag or digest, not at a registry's port", () => {
  assert.deepEqual(splitImage('repo/model:1.0'), { image: 'repo/model', version: '1.0' });
  assert.deepEqual(splitImage('host:5000/model'), { image: 'host:5000/model', version: '' });
  assert.deepEqual(splitImage('host:5000/model:2'), { image: 'host:5000/model', version: '2' });
  assert.deepEqual(splitImage('model@sha256:00ff'), { image: 'model', version: 'sha256:00ff' });
  assert.deepEqual(splitImage(''), { image: '', version: '' });
});
