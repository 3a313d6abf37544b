// The stand-ins as processes, as a pod starts them: each answers in its protocol what the arithmetic says, knows its own model alone,
// and does not start without what Seldon's operator gives it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../harness/ports.ts';
import { merge, step, unitKey } from './arithmetic.ts';
import { expectResponses } from './expect.ts';
import { callGrpc } from './grpc.ts';
import type { Role } from './main.ts';
import { postJson } from './rest.ts';

const KEY = unitKey('p', 'u');
const UNIT = { PREDICTOR_ID: 'p', PREDICTIVE_UNIT_ID: 'u', PREDICTIVE_UNIT_IMAGE: 'i:1' };
const VALUES = [3, 5];
const PREDICTED = VALUES.map((value) => step('predict', KEY, value));
const children: ChildProcess[] = [];

after(() => {
  for (const child of children) child.kill('SIGKILL');
});

function start(role: Role, args: readonly string[], env: Readonly<Record<string, string>>) {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const words = ['--disable-warning=ExperimentalWarning', main, role, ...args];
  const stdio = ['ignore', 'inherit', 'pipe'] as const;
  const child = spawn(process.execPath, words, { env: { ...env }, stdio: [...stdio] });
  children.push(child);
  return child;
}

async function listens(...ports: readonly number[]): Promise<void> {
  for (const port of ports)
    for (let tries = 0; !(await accepts(port)); tries += 1) {
      if (tries > 600) throw new Error(`nothing listens on ${port}`);
      await sleep(50);
    }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

describe('a stand-in for', () => {
  test('Seldon’s wrapper answers each method, and what was asked in', async () => {
    const [rest = 0, grpc = 0] = await freePorts(2);
    const ports = {
      PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(rest),
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(grpc),
    };
    start('seldon', [], { ...UNIT, ...ports });
    await listens(rest, grpc);
    const url = `http://127.0.0.1:${rest}`;
    const meta = { requestPath: { u: 'i:1' } };
    assert.deepEqual(await postJson(`${url}/predict`, { data: { ndarray: [VALUES] } }), {
      data: { names: [], ndarray: [PREDICTED] },
      meta,
    });
    const tensor = { shape: [1, 2], values: VALUES };
    assert.deepEqual(await postJson(`${url}/transform-input`, { data: { tensor } }), {
      data: {
        tensor: { ...tensor, values: VALUES.map((value) => step('transform-input', KEY, value)) },
      },
      meta,
    });
    const list = [{ data: { ndarray: [VALUES] } }, { data: { ndarray: [[1, 2]] } }];
    assert.deepEqual(await postJson(`${url}/aggregate`, list), {
      data: { names: [], ndarray: [merge(KEY, [VALUES, [1, 2]])] },
      meta,
    });
    const predict = 'seldon.protos.Model/Predict';
    const response = await callGrpc(`127.0.0.1:${grpc}`, 'prediction.proto', predict, {
      data: { tensor },
    });
    assert.deepEqual((response['data'] as { tensor: object }).tensor, {
      ...tensor,
      values: PREDICTED,
    });
  });

  test('MLServer knows its model alone, over REST and gRPC', async () => {
    const [rest = 0, grpc = 0] = await freePorts(2);
    const ports = { MLSERVER_HTTP_PORT: String(rest), MLSERVER_GRPC_PORT: String(grpc) };
    start('mlserver', [], { ...UNIT, ...ports, MLSERVER_MODEL_NAME: 'u' });
    await listens(rest, grpc);
    const url = `http://127.0.0.1:${rest}/v2/models`;
    const input = { name: 'x', datatype: 'FP64', shape: [1, 2], data: VALUES };
    assert.deepEqual(await postJson(`${url}/u/infer`, { id: '7', inputs: [input] }), {
      model_name: 'u',
      id: '7',
      outputs: [{ name: 'output-0', datatype: 'FP64', shape: [1, 2], data: PREDICTED }],
    });
    await assert.rejects(postJson(`${url}/v/infer`, { inputs: [input] }), /404.*Model v not found/);
    const infer = (model: string) =>
      callGrpc(
        `127.0.0.1:${grpc}`,
        'inference.proto',
        'inference.GRPCInferenceService/ModelInfer',
        {
          model_name: model,
          inputs: [{ ...input, data: undefined, contents: { fp64_contents: VALUES } }],
        },
      );
    const { outputs } = (await infer('u')) as {
      outputs: { contents: { fp64_contents: number[] } }[];
    };
    assert.deepEqual(outputs[0]?.contents.fp64_contents, PREDICTED);
    await assert.rejects(infer('v'), /NOT_FOUND/);
  });

  test('TensorFlow’s proxy passes on to its server, by both transports, and an explainer asks it', async () => {
    const [rest = 0, grpc = 0, modelRest = 0, modelGrpc = 0, explainer = 0] = await freePorts(5);
    const flags = [`--port=${modelGrpc}`, `--rest_api_port=${modelRest}`, '--model_name=m'];
    start('tensorflow', flags, {});
    const parameters = {
      model_name: 'm',
      model_input: 'x',
      rest_endpoint: `http://127.0.0.1:${modelRest}`,
      grpc_endpoint: `127.0.0.1:${modelGrpc}`,
    };
    start('tensorflow-proxy', [], {
      ...UNIT,
      PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(rest),
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: String(grpc),
      PREDICTIVE_UNIT_PARAMETERS: JSON.stringify(
        Object.entries(parameters).map(([name, value]) => ({ name, value })),
      ),
    });
    const place = [`--predictor_host=127.0.0.1:${grpc}`, '--model_name=u'];
    const more = [
      '--protocol=seldon.grpc',
      `--http_port=${explainer}`,
      '--storage_uri=/mnt/models',
    ];
    start('alibi', [...place, ...more, 'AnchorTabular'], {});
    await listens(modelRest, rest, grpc, explainer);
    const known = VALUES.map((value) => step('predict', 'm', value));
    const body = { data: { ndarray: [VALUES] } };
    const predicted = await postJson(`http://127.0.0.1:${rest}/predict`, body);
    assert.deepEqual((predicted as typeof body).data.ndarray, [known]);
    const explained = await postJson(`http://127.0.0.1:${explainer}/api/v1.0/explain`, body);
    assert.deepEqual(explained, {
      meta: { name: 'AnchorTabular', explanations: ['local'] },
      data: { raw: { prediction: known } },
    });
    const wrong = `http://127.0.0.1:${modelRest}/v1/models/u:predict`;
    await assert.rejects(postJson(wrong, { instances: [VALUES] }), /404.*Servable not found/);
  });

  test('a server does not start without its arguments or variables', async () => {
    for (const role of ['seldon', 'mlserver', 'triton', 'tensorflow', 'alibi'] as const) {
      const child = start(role, [], {});
      child.stderr?.resume();
      const [code] = (await once(child, 'exit')) as [number];
      assert.equal(code, 1, role);
    }
  });
});

describe('what a graph of stand-ins has to answer', () => {
  const graph = (unit: object, more: object = {}) => ({
    spec: { ...more, predictors: [{ name: 'p', graph: unit }] },
  });
  const of = (unit: object, more: object = {}) =>
    expectResponses(graph(unit, more), [4, 1]).flatMap(({ responses }) => responses);
  const at =
    (method: 'predict' | 'transform-input' | 'transform-output', unit: string) =>
    (values: readonly number[]) =>
      values.map((value) => step(method, unitKey('p', unit), value));

  test('is the way down through inputs and up through outputs', () => {
    const model = { name: 'm', type: 'MODEL' };
    const output = { name: 'o', type: 'OUTPUT_TRANSFORMER', children: [model] };
    const input = { name: 'i', type: 'TRANSFORMER', children: [output] };
    const wanted = at(
      'transform-output',
      'o',
    )(at('predict', 'm')(at('transform-input', 'i')([4, 1])));
    assert.deepEqual(of(input), [wanted]);
    const v2 = at('predict', 'o')(at('predict', 'm')(at('predict', 'i')([4, 1])));
    assert.deepEqual(of(input, { protocol: 'v2' }), [v2]);
  });

  test('is a router’s branch, a combiner’s sum, and either arm of an A/B test', () => {
    const children = [{ name: 'a' }, { name: 'b' }];
    const [a, b] = [at('predict', 'a')([4, 1]), at('predict', 'b')([4, 1])];
    assert.deepEqual(of({ name: 'r', type: 'ROUTER', children }), [a]);
    assert.deepEqual(of({ name: 'c', type: 'COMBINER', children }), [
      merge(unitKey('p', 'c'), [a, b]),
    ]);
    assert.deepEqual(of({ name: 't', implementation: 'RANDOM_ABTEST', children }), [a, b]);
  });
});
