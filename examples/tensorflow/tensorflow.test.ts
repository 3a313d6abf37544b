// The example of TensorFlow Serving's API over its stand-in, as its README says, compared with the same two steps computed here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runExample } from '../run-example.ts';

interface Model {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const BIN = fileURLToPath(new URL('../servers/bin', import.meta.url));
const REQUEST = read('request.json');
const { instances } = JSON.parse(REQUEST) as { instances: number[][] };

function apply(name: string, row: readonly number[]): number[] {
  const { weights, bias } = JSON.parse(read(`${name}/1/model.json`)) as Model;
  return bias.map((start, column) =>
    row.reduce((sum, value, at) => sum + value * (weights[at]?.[column] ?? Number.NaN), start),
  );
}

function softmax(scores: readonly number[]): number[] {
  const powers = scores.map((score) => Math.exp(score));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

test('what one model predicts are the instances of the next, in row and in column format', async (t) => {
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` };
  const graph = await runExample('tensorflow/graph.yaml', { ports: undefined, env });
  t.after(async () => assert.equal(await graph.stop(), 0));
  const post = async (body: string): Promise<Response> =>
    fetch(`${graph.url}/v1/models/scale:predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const wanted = instances.map((row) => softmax(apply('classify', apply('scale', row))));
  for (const [body, member] of [
    [REQUEST, 'predictions'],
    [JSON.stringify({ inputs: instances }), 'outputs'],
  ] as const) {
    const response = await post(body);
    assert.equal(response.status, 200);
    const { [member]: rows = [] } = (await response.json()) as Record<string, number[][]>;
    assert.deepEqual(
      rows.map((row) => row.length),
      [3, 3, 3],
    );
    for (const [at, value] of wanted.flat().entries())
      assert.ok(Math.abs((rows.flat()[at] ?? Number.NaN) - value) < 1e-12, `${member} ${at}`);
  }
  const status = await (await fetch(`${graph.url}/v1/models/classify`)).json();
  assert.match(JSON.stringify(status), /"state":"AVAILABLE"/);
  const refused = await post('{"instances": [[1, 2]]}');
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /size-incompatible/, 'the model’s own words');
});
