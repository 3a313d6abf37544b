// Which paths clients of V2 and TensorFlow may ask on, and what each unit of a graph is then called by, through a real Envoy: where it
// forwards alone and where the graph is walked.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stringField } from '../../lib/codecs/protobuf/writer.ts';
import { readString } from '../../lib/codecs/protobuf/oneof.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, type Node, type Predictor } from '../harness/manifest.ts';
import { runGraph, type Running } from '../harness/run.ts';
import {
  type GrpcUnit,
  type RestBehaviour,
  type RestUnit,
  startGrpcUnit,
  startRestUnit,
} from '../harness/unit.ts';

const INFER = '/inference.GRPCInferenceService/ModelInfer';
const REQUEST = '{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1]}]}';

function speaking(protocol: string, graph: Node | readonly Predictor[]): object {
  const made = deployment(graph) as { spec: object };
  return { ...made, spec: { ...made.spec, protocol } };
}

/** Answers `infer` under its own name, and says what else it was asked. */
function v2Unit(name: string): RestBehaviour {
  return ({ path, method }) =>
    method === 'GET'
      ? { body: JSON.stringify({ name, path }) }
      : {
          body: `{"model_name":"${name}","outputs":[{"name":"y","datatype":"FP64","shape":[1],"data":[9007199254740993]}]}`,
        };
}

/** Says the name that it was asked by, as its own. */
function startInfer(): Promise<GrpcUnit> {
  return startGrpcUnit(({ message }) => ({ message: stringField(1, readString(message, 1)) }));
}

async function asked(unit: RestUnit, send: () => Promise<unknown>): Promise<string[]> {
  const before = unit.asked.length;
  await send();
  return unit.asked.slice(before).map(({ method, path }) => `${method} ${path}`);
}

describe('one V2 model, which Envoy serves alone', () => {
  let unit: RestUnit;
  let grpcUnit: GrpcUnit;
  let running: Running;
  before(async () => {
    unit = await startRestUnit(v2Unit('m'));
    grpcUnit = await startInfer();
    running = await runGraph(
      speaking('v2', { name: 'm', type: 'MODEL', port: unit.port, grpcPort: grpcUnit.port }),
    );
  });
  after(async () => {
    await running?.stop();
    await unit?.close();
    await grpcUnit?.close();
  });

  test('paths with and without a name, a version and the prefix reach it, and no filter runs', async () => {
    for (const [path, wanted] of [
      ['/v2/models/infer', '/v2/models/m/infer'],
      ['/v2/models/m/infer?a=b', '/v2/models/m/infer?a=b'],
      ['/v2/models/other%20name/infer', '/v2/models/other%20name/infer'],
      ['/v2/models/m/versions/3/infer', '/v2/models/m/versions/3/infer'],
      ['/v2/models/m/generate', '/v2/models/m/generate'],
      ['/v2/models/m/generate_stream', '/v2/models/m/generate_stream'],
      ['/v2/models/m/infer_stream', '/v2/models/m/infer_stream'],
    ] as const) {
      for (const prefix of ['', '/seldon/ns/test']) {
        const calls = await asked(unit, async () => {
          const reply = await ask(running.port, { path: prefix + path, body: REQUEST });
          assert.equal(reply.status, 200, `${prefix}${path}: ${reply.text}`);
        });
        assert.deepEqual(calls, [`POST ${wanted}`], prefix + path);
      }
    }
    assert.deepEqual(running.filterPids(), []);
  });

  test('a gRPC message names it, whether or not the client does', async () => {
    for (const [name, wanted] of [
      ['', 'm'],
      ['m', 'm'],
      ['other', 'other'],
    ] as const) {
      const rest = Buffer.from([0x2a, 0x03, 0x0a, 0x01, 0x78]);
      const message = Buffer.concat([name === '' ? Buffer.alloc(0) : stringField(1, name), rest]);
      const reply = await askGrpc(running.grpcPort, { path: INFER, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.equal(readString(reply.message, 1), wanted);
      const sent = grpcUnit.asked.at(-1)?.message ?? Buffer.alloc(0);
      assert.deepEqual(sent, Buffer.concat([stringField(1, wanted), rest]));
    }
    const empty = await askGrpc(running.grpcPort, { path: INFER });
    assert.equal(readString(empty.message, 1), 'm');
    assert.deepEqual(running.filterPids(), []);
  });

  test('a large message is named too', async () => {
    const message = Buffer.concat([
      Buffer.from([0x3a, 0x80, 0x80, 0x80, 0x04]),
      Buffer.alloc(8 * 1024 * 1024, 7),
    ]);
    const reply = await askGrpc(running.grpcPort, { path: INFER, message });
    assert.equal(reply.status, 0, reply.statusMessage);
    const sent = grpcUnit.asked.at(-1)?.message ?? Buffer.alloc(0);
    assert.ok(sent.equals(Buffer.concat([stringField(1, 'm'), message])));
  });

  test('errors are in the form that clients of the protocol read', async () => {
    const reply = await ask(running.port, { path: '/v2/nothing', body: REQUEST });
    assert.equal(reply.status, 405);
    const unknown = await ask(running.port, { path: '/nothing', body: REQUEST });
    assert.equal(unknown.status, 404);
    const info =
      'no such path: this graph speaks v2, as in POST /v2/models/infer, POST /v2/models/{model}/infer, POST /v2/models/{model}/versions/{version}/infer';
    assert.deepEqual(JSON.parse(unknown.text), {
      error: info,
      status: { code: 404, info, status: 'FAILURE' },
    });
    const other = await askGrpc(running.grpcPort, { path: '/seldon.protos.Seldon/Predict' });
    assert.equal(other.status, 12);
    assert.match(other.statusMessage, /this graph speaks v2, as in \/inference\.GRPCInference/);
  });

  test('readiness, metadata and health are answered', async () => {
    const get = (path: string) => ask(running.port, { path, method: 'GET' });
    // As from Seldon's executor, but for a client that says what it reads.
    for (const [path, body] of [
      ['/v2/health/live', '{"live":true}'],
      ['/v2/health/ready', '{"ready":true}'],
    ] as const) {
      const { status, text } = await get(path);
      assert.deepEqual([status, text], [200, '']);
      const headers = { accept: '*/*' };
      assert.equal((await ask(running.port, { path, method: 'GET', headers })).text, body);
    }
    assert.equal(JSON.parse((await get('/v2')).text).name, 'test');
    for (const [path, wanted] of [
      ['/v2/models/m', '/v2/models/m'],
      ['/v2/models/m/ready', '/v2/models/m/ready'],
      ['/v2/models/other/ready', '/v2/models/other/ready'],
      ['/v2/models/m/versions/2', '/v2/models/m/versions/2'],
      ['/seldon/ns/test/v2/models/m/versions/2/ready', '/v2/models/m/versions/2/ready'],
    ] as const) {
      assert.equal(JSON.parse((await get(path)).text).path, wanted, path);
    }
  });
});

describe('a chain of two V2 models', () => {
  let units: RestUnit[];
  let grpcUnits: GrpcUnit[];
  let running: Running;
  before(async () => {
    units = [await startRestUnit(v2Unit('a')), await startRestUnit(v2Unit('b'))];
    grpcUnits = [await startInfer(), await startInfer()];
    const [a, b] = units;
    running = await runGraph(
      speaking('v2', {
        name: 'a',
        type: 'MODEL',
        port: a?.port ?? 0,
        grpcPort: grpcUnits[0]?.port ?? 0,
        children: [
          { name: 'b', type: 'MODEL', port: b?.port ?? 0, grpcPort: grpcUnits[1]?.port ?? 0 },
        ],
      }),
    );
  });
  after(async () => {
    await running?.stop();
    for (const unit of [...(units ?? []), ...(grpcUnits ?? [])]) await unit.close();
  });

  test('each is called by its own name, or both by a name that is none of the graph', async () => {
    for (const [path, toA, toB] of [
      ['/v2/models/infer', '/v2/models/a/infer', '/v2/models/b/infer'],
      ['/v2/models/a/infer', '/v2/models/a/infer', '/v2/models/b/infer'],
      ['/seldon/ns/test/v2/models/b/infer', '/v2/models/a/infer', '/v2/models/b/infer'],
      ['/v2/models/x/infer', '/v2/models/x/infer', '/v2/models/x/infer'],
      [
        '/v2/models/x/versions/2/infer',
        '/v2/models/x/versions/2/infer',
        '/v2/models/x/versions/2/infer',
      ],
      ['/v2/models/b/versions/2/infer', '/v2/models/a/infer', '/v2/models/b/versions/2/infer'],
    ] as const) {
      const reply = await ask(running.port, { path, body: REQUEST });
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
      assert.deepEqual(
        units.map((unit) => unit.asked.at(-1)?.path),
        [toA, toB],
        path,
      );
    }
    assert.equal(
      units[1]?.asked.at(-1)?.body.toString(),
      '{"model_name":"a","inputs":[{"name":"y","datatype":"FP64","shape":[1],"data":[9007199254740993]}]}',
    );
  });

  test('a call that only models have is the last one, after ordinary ones', async () => {
    const reply = await ask(running.port, { path: '/v2/models/a/generate', body: REQUEST });
    assert.equal(reply.status, 200);
    assert.deepEqual(
      units.map((unit) => unit.asked.at(-1)?.path),
      ['/v2/models/a/infer', '/v2/models/b/generate'],
    );
  });

  test('gRPC messages name each unit, or what the client names', async () => {
    for (const [name, toA, toB] of [
      ['', 'a', 'b'],
      ['b', 'a', 'b'],
      ['x', 'x', 'x'],
    ] as const) {
      const message = name === '' ? Buffer.alloc(0) : stringField(1, name);
      const reply = await askGrpc(running.grpcPort, { path: INFER, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.deepEqual(
        grpcUnits.map((unit) => readString(unit.asked.at(-1)?.message ?? message, 1)),
        [toA, toB],
        name,
      );
    }
  });
});

test('a draw between two V2 models calls each by its own name, without the filter', async () => {
  const units = [await startRestUnit(v2Unit('a')), await startRestUnit(v2Unit('b'))];
  const grpcUnits = [await startInfer(), await startInfer()];
  const child = (name: string, at: number): Node => ({
    name,
    type: 'MODEL',
    port: units[at]?.port ?? 0,
    grpcPort: grpcUnits[at]?.port ?? 0,
  });
  const running = await runGraph(
    speaking('v2', {
      name: 'ab',
      implementation: 'RANDOM_ABTEST',
      parameters: [{ name: 'ratioA', value: '0.5', type: 'FLOAT' }],
      children: [child('a', 0), child('b', 1)],
    }),
  );
  try {
    for (let turn = 0; turn < 20; turn++) {
      for (const path of ['/v2/models/infer', '/v2/models/a/infer', '/v2/models/b/generate']) {
        assert.equal((await ask(running.port, { path, body: REQUEST })).status, 200);
      }
      assert.equal(
        (await ask(running.port, { path: '/v2/models/x/infer', body: REQUEST })).status,
        200,
      );
      const message = turn % 2 === 0 ? Buffer.alloc(0) : stringField(1, 'b');
      assert.equal((await askGrpc(running.grpcPort, { path: INFER, message })).status, 0);
    }
    assert.deepEqual(
      units.map((unit) => [...new Set(unit.asked.map(({ path }) => path))].sort()),
      [
        ['/v2/models/a/generate', '/v2/models/a/infer', '/v2/models/x/infer'],
        ['/v2/models/b/generate', '/v2/models/b/infer', '/v2/models/x/infer'],
      ],
    );
    assert.deepEqual(
      grpcUnits.map((unit) => [...new Set(unit.asked.map((one) => readString(one.message, 1)))]),
      [['a'], ['b']],
    );
    assert.deepEqual(running.filterPids(), []);
  } finally {
    await running.stop();
    for (const unit of [...units, ...grpcUnits]) await unit.close();
  }
});

test('TensorFlow paths, their versions and labels reach a single model', async () => {
  const unit = await startRestUnit(({ path, method }) => ({
    body: JSON.stringify(method === 'GET' ? { path } : { predictions: [1] }),
  }));
  const running = await runGraph(
    speaking('tensorflow', { name: 'm', type: 'MODEL', port: unit.port }),
  );
  try {
    for (const [path, wanted] of [
      ['/v1/models/:predict', '/v1/models/m:predict'],
      ['/v1/models:predict', '/v1/models/m:predict'],
      ['/v1/models/m:predict', '/v1/models/m:predict'],
      ['/v1/models/xyz/:predict', '/v1/models/xyz:predict'],
      ['/v1/models/m/versions/0:predict', '/v1/models/m/versions/0:predict'],
      ['/v1/models/m/labels/stable:predict', '/v1/models/m/labels/stable:predict'],
      ['/v1/models/m:classify', '/v1/models/m:classify'],
      ['/v1/models/m:regress', '/v1/models/m:regress'],
    ] as const) {
      for (const prefix of ['', '/seldon/ns/test']) {
        const calls = await asked(unit, async () => {
          const reply = await ask(running.port, { path: prefix + path, body: '{"instances":[1]}' });
          assert.equal(reply.status, 200, `${prefix}${path}: ${reply.text}`);
        });
        assert.deepEqual(calls, [`POST ${wanted}`], prefix + path);
      }
    }
    assert.deepEqual(running.filterPids(), []);
    for (const path of ['/v1/models/m', '/v1/models/m/metadata', '/v1/models/m/versions/3']) {
      const reply = await ask(running.port, { path, method: 'GET' });
      assert.deepEqual(JSON.parse(reply.text), { path });
    }
    const feedback = await ask(running.port, { path: '/api/v1.0/feedback', body: '{"reward":1}' });
    assert.equal(feedback.text, '{"reward":1}');
  } finally {
    await running.stop();
    await unit.close();
  }
});
