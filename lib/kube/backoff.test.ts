import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecorrelatedBackoff, exponentialMs, sleep } from './backoff.ts';

test('waits of a lost server stay between the bounds, grow, and begin anew after a reset', () => {
  const backoff = new DecorrelatedBackoff(100, 1_000, () => 1);
  assert.deepEqual([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()], [300, 900, 1_000]);
  backoff.reset();
  assert.equal(backoff.nextMs(), 300);
  const least = new DecorrelatedBackoff(100, 1_000, () => 0);
  assert.deepEqual([least.nextMs(), least.nextMs()], [100, 100]);
});

test('waits of a failing key double from 5 ms to 16 min, a quarter up or down', () => {
  const most = 16 * 60_000;
  assert.equal(
    exponentialMs(1, 5, most, () => 0.5),
    5,
  );
  assert.equal(
    exponentialMs(4, 5, most, () => 0.5),
    40,
  );
  assert.equal(
    exponentialMs(4, 5, most, () => 0),
    30,
  );
  assert.equal(
    exponentialMs(4, 5, most, () => 1),
    50,
  );
  assert.equal(
    exponentialMs(1, 5, most, () => 0),
    5,
  );
  assert.equal(
    exponentialMs(1_000, 5, most, () => 1),
    most,
  );
});

test('a sleep ends when its signal fires', async () => {
  const stop = new AbortController();
  const slept = sleep(3_600_000, stop.signal);
  stop.abort();
  await slept;
  await sleep(3_600_000, stop.signal);
});
