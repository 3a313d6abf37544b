import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { DEFAULT_SIDECAR } from '../config/defaults.ts';
import { readHere } from './inline.ts';
import { ThreadReader } from './thread-reader.ts';
import type { ThreadReaderOptions } from './thread-reader.ts';

const OBJECT: JsonObject = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
  metadata: { name: 'iris', namespace: 'demo' },
  spec: {
    predictors: [
      {
        name: 'main',
        traffic: 'all',
        graph: { name: 'model', implementation: 'HOUSE_SERVER', modelUri: 's3://a/b' },
      },
      { name: 'second', graph: { name: 'model', implementation: 'SIMPLE_MODEL' } },
    ],
  },
};
const OPTIONS = {
  sidecar: DEFAULT_SIDECAR,
  keda: { enabled: false },
  servers: new Map([['HOUSE_SERVER', new Map([['seldon', 'example/house:1']])]]),
};
const ODD_THREAD = new URL('./testing/odd-thread.ts', import.meta.url);

test('the thread reads as this thread does', async (t) => {
  const reader = open(t, {});
  assert.deepEqual(await reader.read(OBJECT, OPTIONS, 'demo'), readHere(OBJECT, OPTIONS));
  const right = JSON.parse(JSON.stringify(OBJECT).replace('"all"', '100')) as JsonObject;
  const loaded = await reader.read(right, OPTIONS, 'demo');
  assert.deepEqual(loaded, readHere(right, OPTIONS));
  assert.equal(loaded.deployments.length, 1);
  const found = await reader.read(right, { ...OPTIONS, isForFindings: true }, 'demo');
  assert.deepEqual(found, { deployments: [], findings: loaded.findings });
});

test('an object that never ends is given up, others are read, and this thread is not held', async (t) => {
  const reader = open(t, { thread: ODD_THREAD, cpuMs: 300 });
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 10);
  const [lost, read] = await Promise.all([
    reader.read(odd('loop'), OPTIONS, 'demo'),
    reader.read(OBJECT, OPTIONS, 'demo'),
  ]);
  clearInterval(timer);
  assert.deepEqual(codes(lost), ['READER_TOO_SLOW']);
  assert.deepEqual(read, readHere(OBJECT, OPTIONS));
  assert.ok(ticks > 10, `${ticks} ticks while the thread was busy`);
  const start = performance.now();
  assert.deepEqual(codes(await reader.read(odd('loop'), OPTIONS, 'demo')), ['READER_TOO_SLOW']);
  assert.ok(performance.now() - start < 250, 'what was too slow a moment ago is not tried again');
});

test('an object that takes all memory, or breaks the reader, hurts itself alone', async (t) => {
  const reader = open(t, { thread: ODD_THREAD, cpuMs: 60_000 });
  for (const kind of ['fill', 'throw']) {
    const [lost, read] = await Promise.all([
      reader.read(odd(kind), OPTIONS, 'demo'),
      reader.read(OBJECT, OPTIONS, 'demo'),
    ]);
    assert.deepEqual(codes(lost), ['READER_FAILED'], kind);
    assert.deepEqual(read, readHere(OBJECT, OPTIONS), kind);
  }
});

test('what waits is bounded, and told at the end', async (t) => {
  const reader = open(t, { thread: ODD_THREAD, cpuMs: 60_000, maxWaiting: 1 });
  const responses = [odd('loop'), OBJECT, OBJECT].map((object) =>
    reader.read(object, OPTIONS, 'demo').then(codes),
  );
  assert.deepEqual(await responses[2], ['READER_BUSY']);
  await reader.close();
  assert.deepEqual(await responses[1], ['READER_BUSY']);
  assert.deepEqual(await responses[0], ['READER_BUSY']);
  await assert.rejects(reader.read(OBJECT, OPTIONS, 'demo'));
});

test('a namespace that sends slow objects without end makes another wait for one of them, and never refuses it', async (t) => {
  const reader = open(t, { thread: ODD_THREAD, cpuMs: 200, maxWaiting: 8 });
  const crowd = Array.from({ length: 20 }, (_, i) =>
    reader.read(odd(`loop ${i}`), OPTIONS, 'crowd').then(codes),
  );
  let ended = 0;
  for (const each of crowd) void each.then(() => (ended += 1));
  await Promise.resolve();
  const refused = 11;
  assert.deepEqual(await crowd[19], ['READER_BUSY']);
  assert.deepEqual(await reader.read(OBJECT, OPTIONS, 'demo'), readHere(OBJECT, OPTIONS));
  // Those that found no room, the one that gave way, the one in hand, and at most one more.
  assert.ok(ended <= refused + 3, `${ended} of the crowd's objects were over first`);
  assert.deepEqual(await crowd[0], ['READER_TOO_SLOW']);
});

test('an object that was too slow meanwhile is not tried again by those that waited with it', async (t) => {
  let tried = 0;
  const log = { ...SILENT_LOG, error: () => (tried += 1) };
  const reader = open(t, { thread: ODD_THREAD, cpuMs: 300, log });
  const all = Array.from({ length: 9 }, () =>
    reader.read(odd('loop'), OPTIONS, 'demo').then(codes),
  );
  for (const each of await Promise.all(all)) assert.deepEqual(each, ['READER_TOO_SLOW']);
  assert.equal(tried, 1);
});

/** See odd-thread.ts. */
function odd(kind: string): JsonObject {
  return { kind };
}

function open(t: TestContext, over: Partial<ThreadReaderOptions>): ThreadReader {
  const base = { cpuMs: 20_000, wallMs: 60_000, maxWaiting: 10, log: SILENT_LOG };
  const reader = new ThreadReader({ ...base, ...over });
  t.after(() => reader.close());
  return reader;
}

function codes({ findings }: { findings: readonly { code: string }[] }): readonly string[] {
  return findings.map(({ code }) => code);
}
