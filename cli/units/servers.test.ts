import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Deployment } from '../../graph/plan/deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { type ResolveOptions, resolveUnits } from './resolve.ts';
import { parseModelFlags } from './servers.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-servers-'));
const bin = join(dir, 'bin');
mkdirSync(bin);
mkdirSync(join(dir, 'iris'));
for (const name of ['mlserver', 'seldon-core-microservice', 'tensorflow_model_server']) {
  writeFileSync(join(bin, name), '');
  chmodSync(join(bin, name), 0o755);
}
after(() => rmSync(dir, { recursive: true }));

function load(
  implementation: string,
  protocol: string,
  modelUri = '',
  annotations: Readonly<Record<string, string>> = {},
): Deployment {
  const graph = {
    name: 'm',
    implementation,
    modelUri,
    parameters: [{ name: 'method', type: 'STRING', value: 'predict' }],
  };
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'dep' },
    spec: { protocol, annotations, predictors: [{ name: 'p', graph }] },
  };
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'f' });
  const [deployment] = deployments;
  assert.ok(deployment !== undefined, JSON.stringify(findings));
  return deployment;
}

function options(over: Partial<ResolveOptions> = {}): ResolveOptions {
  return {
    given: new Map(),
    outside: { shared: new Map(), perUnit: new Map() },
    models: new Map(),
    baseDir: dir,
    env: { PATH: bin },
    reserved: [],
    freePorts: false,
    running: new Map(),
    ...over,
  };
}

async function specOf(deployment: Deployment, over: Partial<ResolveOptions> = {}) {
  const { units } = await resolveUnits(deployment, options(over));
  const spec = units[0]?.spec;
  assert.ok(spec);
  return spec;
}

async function failureOf(deployment: Deployment, over: Partial<ResolveOptions> = {}) {
  const thrown: unknown = await resolveUnits(deployment, options(over)).catch((error) => error);
  assert.ok(thrown instanceof CommandFailure);
  return thrown;
}

test("a Seldon server is the wrapper over its class, with the model's folder as its parameter", async () => {
  const { argv, env } = await specOf(load('SKLEARN_SERVER', 'seldon', './iris'));
  assert.equal(argv[0], join(bin, 'seldon-core-microservice'));
  assert.equal(argv[1], 'SKLearnServer');
  assert.deepEqual(JSON.parse(env['PREDICTIVE_UNIT_PARAMETERS'] ?? ''), [
    { name: 'method', value: 'predict', type: 'STRING' },
    { name: 'model_uri', value: join(dir, 'iris'), type: 'STRING' },
  ]);
  assert.match(env['PYTHONPATH'] ?? '', /units\/python$/);
});

test('MLServer is told model and runtime by its environment', async () => {
  const { argv, env } = await specOf(load('SKLEARN_SERVER', 'v2', `file://${dir}/iris`));
  assert.deepEqual(argv, [join(bin, 'mlserver'), 'start', join(dir, 'iris')]);
  assert.equal(env['MLSERVER_MODEL_IMPLEMENTATION'], 'mlserver_sklearn.SKLearnModel');
  assert.equal(env['MLSERVER_MODEL_URI'], join(dir, 'iris'));
  assert.equal(env['MLSERVER_HTTP_PORT'], '9000');
});

test('a unit that speaks another protocol than its graph gets the server of that', async () => {
  const deployment = load('SKLEARN_SERVER', 'seldon', './iris', {
    'sidegraph.io/protocol': 'm=v2',
  });
  const { argv, env } = await specOf(deployment);
  assert.equal(argv[0], join(bin, 'mlserver'));
  assert.equal(JSON.parse(env['PREDICTIVE_UNIT_PARAMETERS'] ?? '').length, 1);
});

test('a model that lies elsewhere is named by --model', async () => {
  const deployment = load('TENSORFLOW_SERVER', 'tensorflow', 'gs://bucket/half');
  const { code, advice } = await failureOf(deployment);
  assert.equal(code, 'MODEL_MISSING');
  assert.match(
    advice,
    /rclone copy gs:\/\/bucket\/half FOLDER\) and name it with --model m=FOLDER/,
  );
  const { argv } = await specOf(deployment, { models: new Map([['m', join(dir, 'iris')]]) });
  assert.deepEqual(argv, [
    join(bin, 'tensorflow_model_server'),
    '--port=9500',
    '--rest_api_port=9000',
    '--model_name=m',
    `--model_base_path=${join(dir, 'iris')}`,
  ]);
});

test('a program that is not there is named with its packages', async () => {
  const told = await failureOf(load('TRITON_SERVER', 'v2', './iris'));
  assert.equal(told.code, 'SERVER_MISSING');
  assert.match(told.message, /unit m \(TRITON_SERVER, protocol v2\) is served by tritonserver/);
  assert.match(told.advice, /nvidia-pytriton.*--unit m=http:\/\/HOST:PORT/);
});

test('a server that no program here serves needs an address', async () => {
  const { code } = await failureOf(load('TENSORFLOW_SERVER', 'seldon', './iris'));
  assert.equal(code, 'IMAGE_WITHOUT_COMMAND');
});

test('--model names a unit and a folder', () => {
  assert.deepEqual(parseModelFlags(['m=./a=b']), {
    kind: 'value',
    value: new Map([['m', './a=b']]),
  });
  assert.equal(parseModelFlags(['m']).kind, 'wrong');
});
