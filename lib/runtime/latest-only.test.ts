import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LatestOnly } from './latest-only.ts';

test('what comes while one is worked on waits, and only the newest of it is worked on', async () => {
  const done: number[] = [];
  let atOnce = 0;
  const latest: LatestOnly<number> = new LatestOnly(async (item) => {
    atOnce += 1;
    assert.equal(atOnce, 1);
    await sleep(5);
    if (item === 1) assert.ok(latest.hasNewer);
    done.push(item);
    atOnce -= 1;
  }, new AbortController().signal);
  for (const item of [1, 2, 3]) latest.offer(item);
  assert.ok(latest.isBusy);
  while (latest.isBusy) await sleep(5);
  assert.deepEqual(done, [1, 3]);
  assert.ok(!latest.hasNewer);
  latest.offer(4);
  while (latest.isBusy) await sleep(5);
  assert.deepEqual(done, [1, 3, 4]);
});

test('after the signal nothing is begun', async () => {
  const done: number[] = [];
  const stop = new AbortController();
  const latest = new LatestOnly<number>(async (item) => {
    done.push(item);
    stop.abort();
    await sleep(1);
  }, stop.signal);
  latest.offer(1);
  latest.offer(2);
  await sleep(10);
  latest.offer(3);
  await sleep(10);
  assert.deepEqual(done, [1]);
});
