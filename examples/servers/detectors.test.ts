// Real detectors of alibi-detect on MLServer: one before a model, and one that payload logs are sent to. Skipped where they are not installed:
// `make test-servers` does that.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningExample, type RunOptions, runExample } from '../run-example.ts';
import { serversEnv, skip } from './clients/ask-client.ts';

/** As many requests as the drift detector looks at together. */
const BATCH = 20;
const SETOSA = [5.1, 3.5, 1.4, 0.2];
/** One of each species. */
const MIXED = [SETOSA, [6.1, 2.8, 4.7, 1.2], [6.3, 3.3, 6.0, 2.5]];

async function start(
  t: TestContext,
  file: string,
  change: RunOptions['change'] = (text) => text,
): Promise<RunningExample> {
  const graph = await runExample(file, { ports: undefined, env: serversEnv, change });
  t.after(async () => assert.equal(await graph.stop(), 0));
  return graph;
}

async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** MLServer's port is open before its model is loaded. */
async function loaded(url: string): Promise<void> {
  for (let tries = 0; !(await fetch(url)).ok; tries += 1) {
    assert.ok(tries < 600, `${url} is not ready`);
    await sleep(100);
  }
}

test('a detector of alibi-detect tags what it passes on to the model', { skip }, async (t) => {
  const graph = await start(t, 'detectors/outliers.yaml');
  await loaded(`${graph.url}/api/v1.0/status/detector`);
  const url = `${graph.url}/api/v1.0/predictions`;
  const body = { data: { ndarray: [SETOSA, [50, 1, 9, 9], MIXED[1]] } };
  const { meta, data } = (await post(url, body)) as {
    meta: { tags: Record<string, unknown> };
    data: { ndarray: number[][] };
  };
  assert.equal(meta.tags['outlier-predictions'], '[0, 1, 0]');
  assert.equal(meta.tags['model'], 'logistic', 'the model’s own tag is there too');
  const species = data.ndarray.map((row) => row.indexOf(Math.max(...row)));
  assert.deepEqual([species[0], species[2]], [0, 1], 'the model got the flowers themselves');
});

test('payload logs reach a drift detector, which sees when flowers are all of one kind', {
  skip,
}, async (t) => {
  const detector = await start(t, 'detectors/drift.yaml');
  const graph = await start(t, 'detectors/graph.yaml', (text) =>
    text.replace('http://127.0.0.1:8001', detector.url),
  );
  await loaded(`${detector.url}/v2/models/drift/ready`);
  await loaded(`${graph.url}/v2/models/classifier/ready`);
  const metrics = `http://127.0.0.1:${detector.unitPorts.get('drift')?.metrics}/prometheus`;
  const send = async (flowers: (at: number) => number[] | undefined): Promise<void> => {
    for (let at = 0; at < BATCH; at++) {
      const tensor = { name: 'flowers', shape: [1, 4], datatype: 'FP64', data: flowers(at) };
      await post(`${graph.url}/v2/models/classifier/infer`, { inputs: [tensor] });
    }
  };
  await send((at) => MIXED[at % 3]);
  assert.deepEqual(await drifts(metrics, 1), { batches: 1, drifted: 0 });
  await send(() => SETOSA);
  assert.deepEqual(await drifts(metrics, 2), { batches: 2, drifted: 1 });
  const counts = await (await fetch(`${graph.url}/metrics`)).text();
  assert.match(counts, new RegExp(`^sidegraph_payload_log_sent_total\\S* ${2 * BATCH}$`, 'm'));
});

/** What the detector has found, once it has looked at so many batches. */
async function drifts(url: string, batches: number) {
  for (let tries = 0; ; tries += 1) {
    const text = await (await fetch(url)).text();
    const read = (what: string): number =>
      Number(new RegExp(`^seldon_model_drift_${what}\\S* ([\\d.]+)$`, 'm').exec(text)?.[1] ?? 0);
    if (read('count') >= batches) return { batches: read('count'), drifted: read('sum') };
    assert.ok(tries < 300, text);
    await sleep(100);
  }
}
