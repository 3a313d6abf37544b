import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HELD_BYTES } from '../graph/limits.ts';
import {
  MAX_HEAP_BYTES,
  memoryShares,
  MIN_HELD_BYTES,
  NODE_BYTES,
  shareArguments,
  SUPERVISOR_BYTES,
} from './memory-shares.ts';

const MIB = 1024 * 1024;

test('the shares of all processes fit what they may take together', () => {
  for (const mebibytes of [512, 640, 1024, 4096, 16_384]) {
    for (const workers of [1, 2, 4]) {
      if (mebibytes / workers < 400) continue;
      const { heldBytes, heapBytes } = memoryShares(mebibytes * MIB, workers);
      const all = SUPERVISOR_BYTES + workers * (NODE_BYTES + heldBytes + heapBytes);
      assert.ok(all <= mebibytes * MIB, `${mebibytes} MiB, ${workers} workers`);
      assert.ok(heldBytes <= MAX_HELD_BYTES && heapBytes <= MAX_HEAP_BYTES);
    }
  }
});

test('without a bound the defaults hold, and a bound that is too small leaves the least that serves', () => {
  assert.deepEqual(memoryShares(null, 3), { heldBytes: MAX_HELD_BYTES, heapBytes: MAX_HEAP_BYTES });
  assert.equal(memoryShares(100 * MIB, 1).heldBytes, MIN_HELD_BYTES);
});

test("in a sidecar's usual container a filter may hold 240 MiB", () => {
  assert.deepEqual(shareArguments(memoryShares(640 * MIB, 1)), {
    node: ['--max-old-space-size=120'],
    process: ['--max-held-bytes', String(240 * MIB)],
  });
});
