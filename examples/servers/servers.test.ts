// Real MLServer, a real explainer of Alibi and a real Triton, started by `run` from a manifest that names no container. Skipped where they are not
// installed: `make test-servers` does that.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runExample } from '../run-example.ts';

const BIN = fileURLToPath(new URL('../../.venv-servers/bin', import.meta.url));
const skip = existsSync(`${BIN}/mlserver`) ? false : 'no .venv-servers: run make test-servers';
const BODY = readFileSync(new URL('./request.json', import.meta.url), 'utf8');
const EXPLAINER = '/seldon/default/iris-explainer/default/v2/models/iris-default-explainer';

interface Inferred {
  readonly model_name: string;
  readonly outputs: readonly { readonly data: readonly unknown[] }[];
}

test('a model on MLServer answers, and Alibi explains it through the graph', {
  skip,
}, async (t) => {
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  const graph = await runExample('servers/graph.yaml', { ports: undefined, env });
  t.after(async () => assert.equal(await graph.stop(), 0));
  const model = await infer(`${graph.url}/v2/models/classifier/infer`);
  assert.deepEqual([model.model_name, model.outputs[0]?.data], ['classifier', [0]]);
  // It answers when it has loaded its artifact; the port is open before.
  await until(async () => (await fetch(`${graph.url}${EXPLAINER}/ready`)).ok);
  const explained = await infer(`${graph.url}${EXPLAINER}/infer`);
  assert.equal(explained.model_name, 'iris-default-explainer');
  const { meta, data } = JSON.parse(String(explained.outputs[0]?.data[0])) as {
    meta: { version: string };
    data: { anchor: string[]; precision: number };
  };
  assert.equal(meta.version, '0.9.4');
  assert.deepEqual(data.anchor, ['petal length (cm) <= 1.60']);
  const metrics = await (await fetch(`${graph.url}/metrics`)).text();
  const calls = /client_requests_seconds_count\{.*model_name="classifier".*\} (\d+)$/m.exec(
    metrics,
  );
  assert.ok(Number(calls?.[1]) > 1, 'the explainer asked the graph');
});

test('a model on Triton answers JSON and binary tensors', { skip }, async (t) => {
  const PATH = `${fileURLToPath(new URL('./bin', import.meta.url))}:${process.env['PATH'] ?? ''}`;
  const graph = await runExample('servers/triton.yaml', {
    ports: undefined,
    env: { ...process.env, PATH },
  });
  t.after(async () => assert.equal(await graph.stop(), 0));
  const url = `${graph.url}/v2/models/doubler/infer`;
  await until(async () => (await fetch(`${graph.url}/v2/models/doubler/ready`)).ok);
  const tensor = { name: 'x', shape: [3], datatype: 'FP32' };
  const json = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ ...tensor, data: [1, 2.5, -3] }] }),
  });
  assert.equal(json.status, 200, await json.clone().text());
  assert.deepEqual(((await json.json()) as Inferred).outputs[0]?.data, [2, 5, -6]);

  const head = JSON.stringify({
    inputs: [{ ...tensor, parameters: { binary_data_size: 12 } }],
    outputs: [{ name: 'y', parameters: { binary_data: true } }],
  });
  const values = Buffer.from(new Float32Array([1, 2.5, -3]).buffer);
  const binary = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    },
    body: Buffer.concat([Buffer.from(head), values]),
  });
  assert.equal(binary.status, 200);
  const body = Buffer.from(await binary.arrayBuffer());
  const length = Number(binary.headers.get('inference-header-content-length'));
  assert.deepEqual(
    [0, 4, 8].map((at) => body.readFloatLE(length + at)),
    [2, 5, -6],
  );
});

async function infer(url: string): Promise<Inferred> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: BODY });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Inferred;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return;
    await sleep(200);
  }
  assert.fail('waited in vain');
}
