import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envoyWorkers } from './concurrency.ts';

test('up to two CPUs have one worker thread of Envoy, more have one for two, at most four', () => {
  const cpus = [0.05, 0.5, 1, 2, 2.1, 3, 4, 6, 8, 64];
  assert.deepEqual(cpus.map(envoyWorkers), [1, 1, 1, 1, 2, 2, 2, 3, 4, 4]);
});
