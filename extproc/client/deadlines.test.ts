import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Deadline, Deadlines, TICK_MS } from './deadlines.ts';

function ownerOf(fired: () => void): { expire(): void } {
  return { expire: fired };
}

test('deadlines come in their order, never early', async () => {
  const deadlines = new Deadlines();
  const started = performance.now();
  const fired: [number, number][] = [];
  for (const afterMs of [60, 5, 25]) {
    const owner = ownerOf(() => fired.push([afterMs, performance.now() - started]));
    deadlines.set(deadlines.make(owner), afterMs);
  }
  await sleep(120);
  assert.deepEqual(
    fired.map(([afterMs]) => afterMs),
    [5, 25, 60],
  );
  for (const [afterMs, at] of fired) assert.ok(at >= afterMs, `${afterMs} at ${at}`);
});

/** Deadlines on a clock of the test's, and the turns of the wheel up to a time of that clock. */
function onOwnClock(): { deadlines: Deadlines; until: (timeMs: number) => void } {
  let now = 0;
  const deadlines = new Deadlines(() => now);
  const until = (timeMs: number): void => {
    for (; now <= timeMs; now += TICK_MS) deadlines.turn();
  };
  return { deadlines, until };
}

test('a dropped deadline does not come, a moved one comes once', () => {
  const { deadlines, until } = onOwnClock();
  let dropped = 0;
  let moved = 0;
  const first = deadlines.make(ownerOf(() => dropped++));
  const second = deadlines.make(ownerOf(() => moved++));
  deadlines.set(first, 10);
  deadlines.set(second, 10);
  deadlines.set(second, 40);
  deadlines.drop(first);
  deadlines.drop(first);
  until(25);
  assert.deepEqual([dropped, moved], [0, 0]);
  until(100);
  assert.deepEqual([dropped, moved], [0, 1]);
});

test('a deadline may drop and move others while it fires', () => {
  const { deadlines, until } = onOwnClock();
  const fired: string[] = [];
  const second: Deadline = deadlines.make(ownerOf(() => fired.push('second')));
  const third: Deadline = deadlines.make(ownerOf(() => fired.push('third')));
  const first = deadlines.make(
    ownerOf(() => {
      fired.push('first');
      deadlines.drop(second);
      deadlines.set(third, 30);
    }),
  );
  // Of one slot: the last set is the first met.
  for (const deadline of [second, third, first]) deadlines.set(deadline, 10);
  until(30);
  assert.deepEqual(fired, ['first']);
  until(80);
  assert.deepEqual(fired, ['first', 'third']);
});

test('a deadline further away than one turn of the wheel waits for its turn', () => {
  let now = 0;
  const deadlines = new Deadlines(() => now);
  let fired = 0;
  const deadline = deadlines.make(ownerOf(() => fired++));
  deadlines.set(deadline, 512 * TICK_MS * 3 + 1);
  // The timer itself is not waited for: a turn is what it calls.
  const turn = (): void => deadlines.turn();
  for (now = 0; now <= 512 * TICK_MS * 3; now += TICK_MS) turn();
  assert.equal(fired, 0);
  now += 2 * TICK_MS;
  turn();
  assert.equal(fired, 1);
  turn();
});

test('after a pause of the process everything due comes at once', () => {
  let now = 1000;
  const deadlines = new Deadlines(() => now);
  let fired = 0;
  for (const afterMs of [8, 900, 4000, 20_000, 90_000]) {
    deadlines.set(deadlines.make(ownerOf(() => fired++)), afterMs);
  }
  now += 60_000;
  deadlines.turn();
  assert.equal(fired, 4);
});
