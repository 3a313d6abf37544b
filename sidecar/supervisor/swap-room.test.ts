import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SwapRoom } from './swap-room.ts';

test('a quarter of the files is for swaps within a drain, four for each', () => {
  assert.equal(new SwapRoom(1024).max, 64);
  assert.equal(new SwapRoom(20_000).max, 1000);
  assert.equal(new SwapRoom(undefined).max, 1000);
  assert.equal(new SwapRoom(10).max, 8);
});

test('a swap beyond that waits until the first of them has drained', () => {
  const room = new SwapRoom(1024);
  for (let count = 0; count < 64; count += 1) {
    assert.equal(room.delayMs(count * 1000), 0);
    room.note(count * 1000);
  }
  assert.equal(room.delayMs(64_000), 236_000);
  assert.equal(room.delayMs(300_000), 0);
  room.note(300_000);
  assert.equal(room.delayMs(300_500), 500);
});
