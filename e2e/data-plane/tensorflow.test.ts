// Graphs of TensorFlow Serving's protocol through a real Envoy: names, chains in rows, columns and over gRPC, routers, means, combiners,
// errors, feedback, and what is asked of units beside predictions. TensorFlow Serving itself is not to be had as a package:
// the units answer what its API says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bytesField, int32Field, stringField } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc, type Reply } from '../harness/client.ts';
import { type BothUnit, choiceOfMerges, forget, openStand } from '../harness/both-unit.ts';
import type { Running } from '../harness/run.ts';
import type { RestResponse } from '../harness/unit.ts';

const PREDICT = '/tensorflow.serving.PredictionService/Predict';
const INPUT = '{"signature_name":"s","instances":[[9007199254740993]]}';
const DT_FLOAT = 1;

function spec(field: number, model: string): Buffer {
  return model === '' ? Buffer.alloc(0) : bytesField(field, stringField(1, model));
}

function tensors(field: number, name: string, numbers: readonly number[]): Buffer {
  const shape = bytesField(2, bytesField(2, int32Field(1, numbers.length)));
  const content = bytesField(4, Buffer.from(Float32Array.from(numbers).buffer));
  const tensor = bytesField(2, int32Field(1, DT_FLOAT), shape, content);
  return bytesField(field, stringField(1, name), tensor);
}

function request(model: string, numbers: readonly number[]): Buffer {
  return Buffer.concat([spec(1, model), tensors(2, 'o', numbers)]);
}

function responseOf(model: string, numbers: readonly number[]): Buffer {
  return Buffer.concat([tensors(1, 'o', numbers), spec(2, model)]);
}

const { startUnit, run, close } = openStand('tensorflow');

after(close);

describe('a chain of TensorFlow units', () => {
  let running: Running;
  let a: BothUnit;
  let b: BothUnit;
  let response: RestResponse = {};
  before(async () => {
    a = await startUnit(
      'a',
      () => response,
      () => responseOf('a', [1, 2]),
    );
    b = await startUnit(
      'b',
      () => response,
      () => responseOf('b', [3, 4]),
    );
    running = await run(a.node('TRANSFORMER', [b.node('MODEL')]));
  });

  test('passes rows and columns on, each unit under its name', async () => {
    for (const [path, [before, after]] of [
      ['/v1/models/:predict', ['"predictions"', '"instances"']],
      ['/v1/models:predict', ['"outputs"', '"inputs"']],
      ['/v1/models/a:predict', ['"predictions"', '"instances"']],
      ['/v1/models/b/:predict', ['"predictions"', '"instances"']],
      ['/seldon/ns/test/v1/models/a:predict', ['"outputs"', '"inputs"']],
      ['/seldon/ns/test/v1/models/:predict', ['"predictions"', '"instances"']],
    ] as const) {
      forget(a, b);
      response = { body: `{${before}:[[9007199254740993,NaN]], "x":1}` };
      const reply = await ask(running.port, { path, body: INPUT });
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
      assert.equal(reply.text, response.body);
      assert.equal(a.rest.asked[0]?.path, '/v1/models/a:predict', path);
      assert.equal(a.rest.asked[0]?.body.toString(), INPUT);
      assert.equal(b.rest.asked[0]?.path, '/v1/models/b:predict', path);
      const got = b.rest.asked[0]?.body.toString();
      assert.equal(got, String(response.body).replace(before, after));
    }
  });

  test('asks every unit under a name that is none of theirs, with its version or label', async () => {
    for (const version of ['versions/2', 'labels/stable']) {
      forget(a, b);
      await ask(running.port, { path: `/v1/models/iris/${version}:predict`, body: INPUT });
      assert.equal(a.rest.asked[0]?.path, `/v1/models/iris/${version}:predict`);
      assert.equal(b.rest.asked[0]?.path, `/v1/models/iris/${version}:predict`);
    }
  });

  test('says what is wrong with a response that cannot be passed on', async () => {
    response = { body: '{"foo":1}' };
    const reply = await ask(running.port, { path: '/v1/models/:predict', body: INPUT });
    assert.equal(reply.status, 500);
    assert.equal(reply.headers['sidegraph-error'], 'ANSWER_NOT_CHAINABLE');
    const body = JSON.parse(reply.text) as { error: string };
    assert.match(body.error, /^unit "a": Failed to convert tensorflow response/);
  });

  test('passes the errors of units as they are', async () => {
    response = { status: 400, body: '{"error":"Malformed request"}' };
    const reply = await ask(running.port, { path: '/v1/models/:predict', body: INPUT });
    assert.equal(reply.status, 400);
    assert.equal(reply.text, '{"error":"Malformed request"}');
  });

  test('gives tensors on over gRPC, under the name of each unit', async () => {
    for (const [named, first, second] of [
      ['', '', 'b'],
      ['a', 'a', 'b'],
      ['b', 'a', 'b'],
      ['iris', 'iris', 'iris'],
    ] as const) {
      forget(a, b);
      const message = request(named, [0.5]);
      const reply = await askGrpc(running.grpcPort, { path: PREDICT, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.deepEqual(reply.message, responseOf('b', [3, 4]));
      assert.deepEqual(a.grpc.asked[0]?.message, request(first, [0.5]), named);
      assert.deepEqual(b.grpc.asked[0]?.message, request(second, [1, 2]), named);
    }
  });
});

describe('routers and combiners of TensorFlow units', () => {
  let running: Running;
  let router: BothUnit;
  let combiner: BothUnit;
  let branch = 0;
  before(async () => {
    router = await startUnit(
      'r',
      () => ({ body: `{"predictions":[[${branch}]]}` }),
      () => responseOf('r', [branch]),
    );
    const a = await startUnit(
      'a',
      () => ({ body: '{"predictions":[[1,2]]}' }),
      () => responseOf('a', [1, 2]),
    );
    const b = await startUnit(
      'b',
      () => ({ body: '{"predictions":[[4,NaN]]}' }),
      () => responseOf('b', [4, 0]),
    );
    combiner = await startUnit(
      'c',
      (body) => ({ body }),
      (message) => message,
    );
    running = await run(choiceOfMerges(router, [a, b], combiner));
  });

  test('average JSON and tensors', async () => {
    branch = 0;
    const reply = await ask(running.port, { path: '/v1/models/:predict', body: INPUT });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, '{"predictions":[[2.5,NaN]]}');
    assert.equal(reply.headers['seldon-routing'], '{"r":0}');
    assert.equal(router.rest.asked[0]?.path, '/v1/models/r:route');
    const message = request('', [0]);
    const grpc = await askGrpc(running.grpcPort, { path: PREDICT, message });
    assert.equal(grpc.status, 0, grpc.statusMessage);
    assert.deepEqual(grpc.message, responseOf('a', [2.5, 1]));
  });

  test('give a combiner all responses', async () => {
    branch = 1;
    const reply = await ask(running.port, { path: '/v1/models/:predict', body: INPUT });
    assert.equal(reply.text, '[{"predictions":[[1,2]]},{"predictions":[[4,NaN]]}]');
    assert.equal(combiner.rest.asked[0]?.path, '/v1/models/c:aggregate');
    await askGrpc(running.grpcPort, { path: PREDICT, message: request('', [0]) });
    assert.deepEqual(
      combiner.grpc.asked[0]?.message,
      Buffer.concat([spec(1, 'c'), tensors(2, 'o', [1, 2]), tensors(2, 'o_1', [4, 0])]),
    );
  });

  test('end with the request itself where the router chooses none, as a response', async () => {
    branch = -2;
    const message = Buffer.concat([tensors(2, 'o', [0.5]), spec(1, 'x')]);
    const reply = await askGrpc(running.grpcPort, { path: PREDICT, message });
    assert.equal(reply.status, 0, reply.statusMessage);
    assert.deepEqual(reply.message, responseOf('x', [0.5]));
  });
});

describe('a single TensorFlow model', () => {
  let running: Running;
  let m: BothUnit;
  before(async () => {
    m = await startUnit(
      'm',
      (_body, path) => ({ body: JSON.stringify({ path }) }),
      (_message, path) =>
        path === PREDICT ? responseOf('m', [1]) : Buffer.from('0a021001', 'hex'),
    );
    running = await run(m.node('MODEL'));
  });

  test('is asked under the name and version of the client', async () => {
    for (const [path, asked] of [
      ['/v1/models/:predict', '/v1/models/m:predict'],
      ['/v1/models:predict', '/v1/models/m:predict'],
      ['/v1/models/other:predict', '/v1/models/other:predict'],
      ['/v1/models/m/versions/3:predict', '/v1/models/m/versions/3:predict'],
      ['/seldon/ns/test/v1/models/m/labels/l:predict', '/v1/models/m/labels/l:predict'],
    ] as const) {
      forget(m);
      const reply = await ask(running.port, { path, body: INPUT });
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
      assert.equal(m.rest.asked[0]?.path, asked);
    }
  });

  test('answers for itself', async () => {
    const get = (path: string): Promise<Reply> => ask(running.port, { method: 'GET', path });
    for (const path of ['/v1/models/m', '/v1/models/m/metadata']) {
      assert.deepEqual(JSON.parse((await get(path)).text), { path });
      assert.equal((await get(`/seldon/ns/test${path}`)).status, 200);
    }
    for (const path of [
      '/tensorflow.serving.PredictionService/GetModelMetadata',
      '/tensorflow.serving.ModelService/GetModelStatus',
    ]) {
      const message = spec(1, 'm');
      const reply = await askGrpc(running.grpcPort, { path, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.equal(reply.message.toString('hex'), '0a021001');
    }
  });

  test('gives feedback back', async () => {
    forget(m);
    const body = '{"reward":1}';
    const reply = await ask(running.port, { path: '/api/v1.0/feedback', body });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, body);
    assert.equal(m.rest.asked.length, 0);
  });
});
