import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envoyBounds } from './overload.ts';

test("the heap is a share of the container's limit, connections one of the files", () => {
  const bounds = envoyBounds(512 * 1024 * 1024, 1024);
  assert.ok(bounds.maxHeapBytes < 512 * 1024 * 1024 * 0.8, `${bounds.maxHeapBytes}`);
  assert.equal(bounds.maxConnections, 768);
});

test('without a limit there is a default, and never no connection', () => {
  assert.deepEqual(envoyBounds(undefined, undefined), {
    maxHeapBytes: 1024 * 1024 * 1024,
    maxConnections: 50_000,
  });
  assert.equal(envoyBounds(undefined, 1).maxConnections, 1);
});
