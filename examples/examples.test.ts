// Runs every example as its README says, over real model servers and a real Envoy, and compares what the graph answers
// with what the models said in the process that trained them (`expected.json`).
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../e2e/harness/ports.ts';
import { predict } from './grpc-client/client.ts';
import { type RunningExample, runExample } from './run-example.ts';

interface Message {
  readonly data: {
    readonly names?: readonly string[];
    readonly ndarray: readonly (readonly unknown[])[];
  };
  readonly meta: { readonly tags?: Readonly<Record<string, unknown>> };
}

interface Expected {
  readonly answers: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SPECIES = ['setosa', 'versicolor', 'virginica'];

test('one model answers what it says itself, over REST and to the gRPC client', async (t) => {
  const graph = await start(t, 'single-model/graph.yaml');
  const { message } = await ask(graph, 'single-model');
  assert.deepEqual(message.data.names, SPECIES);
  assertClose(message.data.ndarray, expected('logistic'));

  const { response, metadata } = await predictOnceUp(graph.grpcAddress);
  assert.deepEqual(response.data?.tensor?.shape, [3, 3]);
  assertClose([response.data?.tensor?.values ?? []], [expected('logistic').flat()]);
  assert.equal(typeof metadata['seldon-puid'], 'string');
});

test('a prepackaged server is started with the model of its folder', async (t) => {
  const PATH = `${HERE}../.venv-models/bin:${process.env['PATH'] ?? ''}`;
  const graph = await start(t, 'prepackaged-server/graph.yaml', [], { ...process.env, PATH });
  const { message } = await ask(graph, 'prepackaged-server');
  assertClose(message.data.ndarray, expected('logistic'));
});

test('an explainer beside the graph asks it, and says that the petal decides', async (t) => {
  const graph = await start(t, 'explainer/graph.yaml');
  const { message } = await ask(graph, 'explainer');
  assertClose(message.data.ndarray, expected('logistic'));
  const path = '/seldon/default/iris-explainer/default/api/v1.0/explain';
  const body = { data: { ndarray: [[5.1, 3.5, 1.4, 0.2]] } };
  const response = await post(graph.url + path, body);
  assert.equal(response.status, 200);
  const { explanations } = (await response.json()) as {
    explanations: { class: number; falls: number[] }[];
  };
  const [setosa] = explanations;
  assert.ok(setosa !== undefined && setosa.class === 0);
  assert.equal(setosa.falls.indexOf(Math.max(...setosa.falls)), 2);
  const metrics = await (await fetch(`${graph.url}/metrics`)).text();
  // One prediction of ours, and five that the explainer asked for.
  assert.match(metrics, /server_requests_seconds_count\{.*service="predictions".*\} 6$/m);
});

test('an outlier detector tags what it passes on to the model', async (t) => {
  const graph = await start(t, 'outlier-detector/graph.yaml');
  const body = {
    data: {
      ndarray: [
        [5.1, 3.5, 1.4, 0.2],
        [50, 1, 9, 9],
      ],
    },
  };
  const response = await post(`${graph.url}/api/v1.0/predictions`, body);
  assert.equal(response.status, 200);
  const { meta, data } = (await response.json()) as Message;
  assert.deepEqual(meta.tags, { model: 'logistic', 'outlier-predictions': [0, 1] });
  assert.equal(data.ndarray.length, 2);
});

test('a transformer and its model answer what the two say in one process', async (t) => {
  const graph = await start(t, 'transformer/graph.yaml');
  const { message } = await ask(graph, 'transformer');
  assertClose(message.data.ndarray, expected('scaler+scaled'));
});

test('an output transformer names what the model answers', async (t) => {
  const graph = await start(t, 'output-transformer/graph.yaml');
  const { message } = await ask(graph, 'output-transformer');
  assert.deepEqual(
    message.data.ndarray,
    expected('logistic').map((row) => [SPECIES[row.indexOf(Math.max(...row))]]),
  );
});

test('feedback moves the bandit to the better model', async (t) => {
  const graph = await start(t, 'bandit/graph.yaml');
  const before = await ask(graph, 'bandit');
  assert.equal(before.routing, '{"bandit":0}');
  assertClose(before.message.data.ndarray, expected('guesser'));

  await giveFeedback(graph, 0, 0);
  // The header of the response as it came does as well: the wrapper finds it in the body.
  const byHeader = await post(
    `${graph.url}/api/v1.0/feedback`,
    { reward: 1 },
    { 'seldon-routing': '{"bandit":1}' },
  );
  assert.equal(byHeader.status, 200, await byHeader.text());

  const after = await ask(graph, 'bandit');
  assert.equal(after.routing, '{"bandit":1}');
  assertClose(after.message.data.ndarray, expected('forest'));

  await giveFeedback(graph, 1, -5);
  assert.equal((await ask(graph, 'bandit')).routing, '{"bandit":0}');
});

test('feedback moves the built-in learner to the better model, by puid and by routing', async (t) => {
  const graph = await start(t, 'learner/graph.yaml');
  const before = await post(`${graph.url}/api/v1.0/predictions`, readRequest('learner'));
  assert.equal(before.headers.get('seldon-routing'), '{"learner":0}');
  assertClose(((await before.json()) as Message).data.ndarray, expected('guesser'));

  const feedback: readonly object[] = [
    { reward: 0.1, puid: before.headers.get('seldon-puid') },
    { reward: 1, response: { meta: { routing: { learner: 1 } } } },
  ];
  for (const body of feedback) {
    const response = await post(`${graph.url}/api/v1.0/feedback`, body);
    assert.equal(response.status, 200, await response.text());
  }
  const after = await ask(graph, 'learner');
  assert.equal(after.routing, '{"learner":1}');
  assertClose(after.message.data.ndarray, expected('forest'));
});

test('a combiner answers the mean of its three models and says how far they disagree', async (t) => {
  const graph = await start(t, 'combiner/graph.yaml');
  const { message } = await ask(graph, 'combiner');
  const responses = ['forest', 'neighbours', 'bayes'].map(expected);
  assertClose(message.data.ndarray, meanOf(responses));
  const spread = Math.max(
    ...responses[0]!.flatMap((row, r) =>
      row.map((_, c) => {
        const cells = responses.map((response) => response[r]![c]!);
        return Math.max(...cells) - Math.min(...cells);
      }),
    ),
  );
  assertClose([[message.meta.tags?.['spread']]], [[spread]], 1e-5);
});

test('the built-in combiner answers the mean of its three models', async (t) => {
  const graph = await start(t, 'average/graph.yaml');
  const { message } = await ask(graph, 'average');
  assertClose(message.data.ndarray, meanOf(['forest', 'neighbours', 'bayes'].map(expected)));
});

test('an A/B test asks both models and says which one answered', async (t) => {
  const graph = await start(t, 'abtest/graph.yaml');
  const ways = new Set<string>();
  // Forty draws miss one arm once in 5e11 runs.
  for (let i = 0; i < 40 && ways.size < 2; i++) {
    const { message, routing } = await ask(graph, 'abtest');
    const model = String(message.meta.tags?.['model']);
    ways.add(`${routing} ${model}`);
    assertClose(message.data.ndarray, expected(model));
  }
  assert.deepEqual([...ways].sort(), ['{"coin":0} logistic', '{"coin":1} forest']);
});

test('the published graph with commands beside its images answers as its pipeline does', async (t) => {
  const graph = await start(t, 'article/with-commands.yaml');
  const { message } = await ask(graph, 'article');
  assertClose(message.data.ndarray, expected('pipeline'));
});

test('the published graph as it was written runs over units that are told by address', async (t) => {
  const steps = await Promise.all(
    ['step_one', 'step_two', 'step_three'].map((step) => startStep(t, step)),
  );
  const graph = await start(
    t,
    'article/graph.yaml',
    steps.flatMap(({ step, port }) => ['--unit', `${step}=http://127.0.0.1:${port}`]),
  );
  const { message } = await ask(graph, 'article');
  assertClose(message.data.ndarray, expected('pipeline'));
});

/** The wrapper serves gRPC from a process of its own, which may come up after the one for REST that `run` waits for. */
async function predictOnceUp(address: string): ReturnType<typeof predict> {
  for (let waited = 0; ; waited += 200) {
    try {
      return await predict(address, readRequest('grpc-client'));
    } catch (error) {
      const isUp = !/UNAVAILABLE: .*connection refused/.test(String(error));
      if (isUp || waited > 30_000) throw error;
      await sleep(200);
    }
  }
}

interface Cleanup {
  after(cleanup: () => Promise<void>): void;
}

async function start(
  t: Cleanup,
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningExample> {
  const graph = await runExample(file, { ports: undefined, args, env });
  t.after(async () => {
    assert.equal(await graph.stop(), 0);
  });
  return graph;
}

async function ask(
  graph: RunningExample,
  example: string,
): Promise<{ message: Message; routing: string | null }> {
  const response = await post(`${graph.url}/api/v1.0/predictions`, readRequest(example));
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const message: Message = JSON.parse(text);
  return { message, routing: response.headers.get('seldon-routing') };
}

/** Feedback for a request that took `branch`: what a client makes of the header `seldon-routing`. */
async function giveFeedback(graph: RunningExample, branch: number, reward: number): Promise<void> {
  const body = { reward, response: { meta: { routing: { bandit: branch } } } };
  const response = await post(`${graph.url}/api/v1.0/feedback`, body);
  assert.equal(response.status, 200, await response.text());
}

function post(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** One step of the article's pipeline as a server by itself, as if it ran elsewhere. */
async function startStep(t: Cleanup, step: string): Promise<{ step: string; port: number }> {
  const [port = 0, grpc = 0, metrics = 0] = await freePorts(3);
  const child = spawn(`${HERE}models/serve`, ['Step', 'MODEL'], {
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      PREDICTIVE_UNIT_ID: step,
      PREDICTIVE_UNIT_HTTP_SERVICE_PORT: `${port}`,
      PREDICTIVE_UNIT_GRPC_SERVICE_PORT: `${grpc}`,
      PREDICTIVE_UNIT_METRICS_SERVICE_PORT: `${metrics}`,
      PREDICTIVE_UNIT_PARAMETERS: JSON.stringify([{ name: 'step', type: 'STRING', value: step }]),
    },
  });
  t.after(() => stopGroup(child));
  for (let waited = 0; ; waited += 100) {
    assert.ok(child.exitCode === null && waited < 120_000, `${step} did not come up`);
    const response = await fetch(`http://127.0.0.1:${port}/health/ping`).catch(() => undefined);
    if (response?.ok === true) return { step, port };
    await sleep(100);
  }
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  await ended;
}

function readRequest(example: string): object {
  return Object(JSON.parse(readFileSync(`${HERE}${example}/request.json`, 'utf8')));
}

function expected(model: string): readonly (readonly number[])[] {
  const file = fileURLToPath(new URL('../.cache/models/expected.json', import.meta.url));
  const known: Expected = JSON.parse(readFileSync(file, 'utf8'));
  const response = known.answers[model];
  assert.ok(response !== undefined, `no expected response of ${model}`);
  return response;
}

function meanOf(responses: readonly (readonly (readonly number[])[])[]): number[][] {
  const [first = []] = responses;
  return first.map((row, r) =>
    row.map(
      (_, c) => responses.reduce((sum, response) => sum + response[r]![c]!, 0) / responses.length,
    ),
  );
}

/** The last digits differ from process to process with the order in which BLAS adds. */
function assertClose(
  actual: readonly (readonly unknown[])[],
  wanted: readonly (readonly number[])[],
  tolerance = 1e-9,
): void {
  assert.equal(actual.length, wanted.length);
  for (const [r, row] of wanted.entries()) {
    for (const [c, value] of row.entries()) {
      const got = actual[r]?.[c];
      assert.ok(
        typeof got === 'number' && Math.abs(got - value) <= tolerance,
        `[${r}][${c}]: ${String(got)} instead of ${value}`,
      );
    }
  }
}
