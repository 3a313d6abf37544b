// Graphs over several real servers of several protocols, called by the clients that users have: each gets the numbers that numpy says.
// Skipped where servers or clients are not installed: `make test-servers` does that.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type RunningExample, runExample } from '../run-example.ts';
import {
  askClient,
  type Called,
  expectedNumbers,
  grpcurl,
  serversEnv,
  skip,
  skipGrpcurl,
} from './clients/ask-client.ts';

async function start(t: TestContext, file: string): Promise<RunningExample> {
  const graph = await runExample(file, { ports: undefined, env: serversEnv });
  t.after(async () => assert.equal(await graph.stop(), 0));
  return graph;
}

/** What a client reports of its calls through a graph. */
async function call(graph: RunningExample, script: string, ...args: string[]): Promise<Called[]> {
  return (await askClient(script, hostOf(graph), graph.grpcAddress, ...args)) as Called[];
}

function hostOf({ url }: RunningExample): string {
  return url.replace('http://', '');
}

function assertNumbers(called: readonly Called[], expected: number[][], ways: string[]): void {
  assert.deepEqual(
    called.map(({ how }) => how),
    ways,
  );
  for (const { how, numbers, error } of called) {
    assert.ok(numbers !== undefined, `${how}: ${error}`);
    assertClose(numbers, expected, how);
  }
}

function assertClose(numbers: readonly (readonly number[])[], expected: number[][], how: string) {
  assert.deepEqual(
    numbers.map((row) => row.length),
    expected.map((row) => row.length),
    how,
  );
  for (const [at, value] of expected.flat().entries()) {
    const got = numbers.flat()[at] ?? Number.NaN;
    // The regression is solved by two programs.
    assert.ok(Math.abs(got - value) < 1e-9, `${how}: ${got} instead of ${value}`);
  }
}

test('MLServer, Triton and Seldon’s wrapper in a row answer clients of V2', {
  skip,
}, async (t) => {
  const { certainty = [] } = await expectedNumbers();
  const graph = await start(t, 'servers/chain.yaml');
  const ofTriton = await call(graph, 'with_triton.py', 'scores', 'json', 'grpc');
  assertNumbers(ofTriton, certainty, ['json', 'grpc']);
  const ofKserve = await call(graph, 'with_kserve.py', 'scores');
  assertNumbers(ofKserve, certainty, ['rest', 'grpc typed', 'grpc raw']);

  // What the servers cannot do they say themselves, and the graph what it cannot.
  const [binary, stream] = await call(graph, 'with_triton.py', 'scores', 'binary', 'stream');
  assert.match(binary?.error ?? '', /^422 .*not valid UTF-8/s, 'MLServer reads no binary tensors');
  assert.match(stream?.error ?? '', /STREAM_NOT_LAST/);

  await t.test(
    'and grpcurl, which learns the messages from the graph',
    {
      skip: skipGrpcurl,
    },
    async () => {
      const contents = { fp64_contents: [5.1, 3.5, 1.4, 0.2] };
      const request = {
        model_name: 'scores',
        inputs: [{ name: 'flowers', datatype: 'FP64', shape: [1, 4], contents }],
      };
      const method = 'inference.GRPCInferenceService/ModelInfer';
      const text = await grpcurl('-d', JSON.stringify(request), graph.grpcAddress, method);
      const { outputs, rawOutputContents } = JSON.parse(text) as {
        outputs: { shape: string[] }[];
        rawOutputContents: string[];
      };
      assert.deepEqual(outputs[0]?.shape, ['1', '2']);
      const bytes = Buffer.from(rawOutputContents[0] ?? '', 'base64');
      const numbers = [0, 8].map((at) => bytes.readDoubleLE(at));
      assertClose([numbers], certainty.slice(0, 1), 'grpcurl');
    },
  );
});

test('the same three answer Seldon’s client, REST and gRPC', { skip }, async (t) => {
  const { certainty = [] } = await expectedNumbers();
  const graph = await start(t, 'servers/chain-seldon.yaml');
  const called = await call(graph, 'with_seldon.py');
  const ways = ['rest ndarray', 'rest tensor', 'grpc ndarray', 'grpc tensor'];
  assertNumbers(called, certainty, ways);
  for (const { how, tags } of called) assert.deepEqual(tags, { 'judged-by': 'Certainty' }, how);
});

test('with the wrapper first and Triton last, V2 clients may send binary tensors and stream', {
  skip,
}, async (t) => {
  const { softmax = [] } = await expectedNumbers();
  const graph = await start(t, 'servers/chain-triton.yaml');
  const ways = ['json', 'binary', 'grpc', 'stream'];
  assertNumbers(await call(graph, 'with_triton.py', 'scores', ...ways), softmax, ways);
  const ofKserve = await call(graph, 'with_kserve.py', 'scores');
  assertNumbers(ofKserve, softmax, ['rest', 'grpc typed', 'grpc raw']);
});

test('a picture passes two models on Triton as binary tensors', { skip }, async (t) => {
  const graph = await start(t, 'triton/graph.yaml');
  const { farthest, ...said } = (await askClient('../../triton/client.py', hostOf(graph))) as {
    farthest: number;
  };
  assert.deepEqual(said, { shape: [240, 320], datatype: 'FP32', binaryBytes: 4 * 240 * 320 });
  // Both models say FP32.
  assert.ok(farthest < 1e-6, `${farthest} from what numpy says`);
});

test('TensorFlow’s API answers OpenVINO’s client, HTTP and gRPC', { skip }, async (t) => {
  const { tensorflow = [] } = await expectedNumbers();
  const graph = await start(t, 'tensorflow/graph.yaml');
  assertNumbers(await call(graph, 'with_ovms.py', 'scale'), tensorflow, ['http', 'grpc']);
});

test('OpenAI’s client gets a chat as a whole and word by word, through a step of ours', {
  skip,
}, async (t) => {
  const graph = await start(t, 'openai/graph.yaml');
  const said = (await askClient('with_openai.py', hostOf(graph))) as {
    text: string;
    reason: string;
    pieces: { text: string; seconds: number }[];
    models: string[];
    error: number;
  };
  // A hundred words were wanted; the step before the model allows five.
  assert.equal(said.text, 'four five six seven eight');
  assert.equal(said.reason, 'length');
  assert.deepEqual(
    said.pieces.map(({ text }) => text),
    ['four', ' five', ' six', ' seven', ' eight'],
  );
  const [first, last] = [said.pieces.at(0)?.seconds ?? 0, said.pieces.at(-1)?.seconds ?? 0];
  assert.ok(last - first > 0.3, `the stream was held back: ${first} s to ${last} s`);
  assert.deepEqual(said.models, ['counting']);
  assert.equal(said.error, 404);
});
