import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_LOG } from '../runtime/log.ts';
import { registerKubeMetrics } from './metrics.ts';
import { DONE, KeyedQueue, type WorkOutcome } from './queue.ts';
import { Registry } from './registry.ts';

const BACKOFF = { least: 1, most: 20 };

/** Runs a queue until `isOver` holds, then stops it. */
async function runUntil(queue: KeyedQueue, isOver: () => boolean): Promise<void> {
  const stop = new AbortController();
  const run = queue.run(stop.signal);
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  await run;
}

test('a key that is added many times is worked on once', async () => {
  const worked: string[] = [];
  const queue = new KeyedQueue({
    name: 'test',
    workers: 1,
    log: SILENT_LOG,
    work: async (key) => {
      worked.push(key);
      return DONE;
    },
  });
  for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
  assert.equal(queue.length, 2);
  await runUntil(queue, () => worked.length >= 2);
  assert.deepEqual(worked, ['a', 'b']);
});

test('a key that is added while it is worked on comes again afterwards, never at the same time', async () => {
  let atOnce = 0;
  let most = 0;
  let count = 0;
  const queue: KeyedQueue = new KeyedQueue({
    name: 'test',
    workers: 4,
    log: SILENT_LOG,
    work: async (key) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      count += 1;
      if (count < 5) queue.add(key);
      await new Promise((resolve) => setTimeout(resolve, 2));
      atOnce -= 1;
      return DONE;
    },
  });
  queue.add('a');
  await runUntil(queue, () => count === 5 && atOnce === 0);
  assert.equal(most, 1);
});

test('as many keys are worked on side by side as there are workers', async () => {
  let atOnce = 0;
  let most = 0;
  let count = 0;
  const queue = new KeyedQueue({
    name: 'test',
    workers: 3,
    log: SILENT_LOG,
    work: async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setTimeout(resolve, 2));
      atOnce -= 1;
      count += 1;
      return DONE;
    },
  });
  for (let index = 0; index < 9; index += 1) queue.add(`key-${index}`);
  await runUntil(queue, () => count === 9);
  assert.equal(most, 3);
});

test('a namespace with many slow keys makes another wait for one of them at most', async () => {
  const worked: string[] = [];
  const queue = new KeyedQueue({
    name: 'test',
    workers: 1,
    log: SILENT_LOG,
    work: async (key) => {
      worked.push(key);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return DONE;
    },
  });
  for (let i = 0; i < 50; i += 1) queue.add(`crowd/${i}`);
  queue.add('quiet/0');
  await runUntil(queue, () => worked.length === 51);
  assert.ok(worked.indexOf('quiet/0') <= 1, worked.slice(0, 5).join(' '));
  assert.deepEqual(worked.slice(-2), ['crowd/48', 'crowd/49']);
});

test('each outcome is counted under the names of controller-runtime', async () => {
  const registry = new Registry();
  const metrics = registerKubeMetrics(registry);
  const outcomes: Record<string, WorkOutcome[]> = {
    done: [DONE],
    later: [{ kind: 'retry-after', ms: 1 }, DONE],
    failing: [{ kind: 'retry', reason: 'not yet' }, { kind: 'retry', reason: 'not yet' }, DONE],
    refused: [{ kind: 'terminal', reason: 'never' }],
  };
  let left = 7;
  const queue = new KeyedQueue({
    name: 'test',
    workers: 2,
    log: SILENT_LOG,
    metrics: metrics.queue,
    backoffMs: BACKOFF,
    work: async (key) => {
      left -= 1;
      return outcomes[key]?.shift() ?? DONE;
    },
  });
  for (const key of Object.keys(outcomes)) queue.add(key);
  await runUntil(
    queue,
    () => left === 0 && metrics.queue.reconciles.value('test', 'success') === 3,
  );
  assert.equal(metrics.queue.reconciles.value('test', 'requeue_after'), 1);
  assert.equal(metrics.queue.reconciles.value('test', 'error'), 3);
  assert.equal(metrics.queue.terminalErrors.value('test'), 1);
  assert.equal(metrics.queue.retries.value('test', 'test'), 2);
  assert.match(registry.render(), /^workqueue_depth\{name="test",controller="test"\} 0$/m);
});

test('a thrown error is a retry, and a success forgets the failures', async () => {
  let count = 0;
  const seen: number[] = [];
  const queue: KeyedQueue = new KeyedQueue({
    name: 'test',
    workers: 1,
    log: SILENT_LOG,
    backoffMs: BACKOFF,
    work: async (key) => {
      count += 1;
      seen.push(queue.failures(key));
      if (count < 3) throw new Error('broken');
      return DONE;
    },
  });
  queue.add('a');
  await runUntil(queue, () => count === 3 && queue.failures('a') === 0);
  assert.deepEqual(seen, [0, 1, 2]);
});

test('adding a key ends its wait', async () => {
  let count = 0;
  const queue = new KeyedQueue({
    name: 'test',
    workers: 1,
    log: SILENT_LOG,
    work: async () => {
      count += 1;
      return { kind: 'retry-after', ms: 3_600_000 };
    },
  });
  queue.addAfter('a', 3_600_000);
  queue.add('a');
  await runUntil(queue, () => count === 1);
});

test('stopping waits for the work in hand, and the next run does it again', async () => {
  const stop = new AbortController();
  let hasEnded = false;
  let count = 0;
  const queue = new KeyedQueue({
    name: 'test',
    workers: 1,
    log: SILENT_LOG,
    work: async (_key, signal) => {
      count += 1;
      if (count > 1) return DONE;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await new Promise((resolve) => setTimeout(resolve, 5));
      hasEnded = true;
      return DONE;
    },
  });
  queue.add('a');
  const run = queue.run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await run;
  assert.equal(hasEnded, true);
  await runUntil(queue, () => count === 2);
});
