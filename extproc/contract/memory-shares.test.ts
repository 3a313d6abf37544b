import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';
import { heldShare, MIN_HELD_BYTES, NODE_BYTES, SUPERVISOR_BYTES } from './memory-shares.ts';

const MIB = 1024 * 1024;

test('the shares of all processes leave as much again of what they may take together', () => {
  for (const mebibytes of [400, 512, 640, 1024, 4096, 16_384]) {
    for (const workers of [1, 2, 4]) {
      if (mebibytes / workers < 400) continue;
      const held = heldShare(mebibytes * MIB, workers);
      const all = SUPERVISOR_BYTES + workers * (NODE_BYTES + 2 * held);
      assert.ok(all <= mebibytes * MIB, `${mebibytes} MiB, ${workers} workers`);
      assert.ok(held <= MAX_HELD_BYTES);
    }
  }
});

test('without a bound the default holds, and a bound that is too small leaves the least that serves', () => {
  assert.equal(heldShare(undefined, 3), MAX_HELD_BYTES);
  assert.equal(heldShare(100 * MIB, 1), MIN_HELD_BYTES);
});

test("in a sidecar's usual container a filter may hold 240 MiB", () => {
  assert.equal(heldShare(640 * MIB, 1), 240 * MIB);
});
