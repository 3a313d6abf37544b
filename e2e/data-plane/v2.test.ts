// Graphs of the V2 protocol through a real Envoy, over units that answer what real servers answered: names, chains in JSON, in binary
// and over gRPC with raw contents, routers, means, combiners, errors, and what is asked of graph and units beside predictions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bytesField, stringField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc, type Reply } from '../harness/client.ts';
import { type BothUnit, choiceOfMerges, forget, openStand } from '../harness/both-unit.ts';
import type { Running } from '../harness/run.ts';
import type { RestResponse } from '../harness/unit.ts';

const INFER = '/inference.GRPCInferenceService/ModelInfer';
const LAYOUT = 'inference-header-content-length';

const INPUT =
  '{"id":"i","inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

/** A response in JSON with one output. */
function responseOf(model: string, datatype: string, data: string): string {
  return `{"model_name":"${model}","model_version":"3","id":"i","parameters":{"from":"${model}"},"outputs":[{"name":"o","datatype":"${datatype}","shape":[2],"data":${data}}]}`;
}

/** A response with the same output behind the JSON, as Triton and KServe write it; KServe names no content type. */
function binaryResponse(model: string, numbers: readonly number[]): RestResponse {
  const bytes = Buffer.from(Float32Array.from(numbers).buffer);
  const json = `{"model_name":"${model}","outputs":[{"name":"o","datatype":"FP32","shape":[${numbers.length}],"parameters":{"binary_data_size":${bytes.length}}}]}`;
  return {
    headers: { 'content-type': 'application/octet-stream', [LAYOUT]: String(json.length) },
    body: Buffer.concat([Buffer.from(json), bytes]),
  };
}

function split({ headers, body }: { headers: Reply['headers']; body: Buffer }): [string, Buffer] {
  const length = Number(headers[LAYOUT] ?? body.length);
  return [body.toString('utf8', 0, length), body.subarray(length)];
}

/** ModelInferResponse (and, but for the last tag, ModelInferRequest) of one FP32 tensor. */
function inferMessage(model: string, rawTag: number, numbers: readonly number[]): Buffer {
  return Buffer.concat([
    ...(model === '' ? [] : [stringField(1, model)]),
    bytesField(
      5,
      stringField(1, 'o'),
      stringField(2, 'FP32'),
      bytesField(3, varint(numbers.length)),
    ),
    bytesField(rawTag, Buffer.from(Float32Array.from(numbers).buffer)),
  ]);
}

const { startUnit, run, close } = openStand('v2');

after(close);

describe('a chain of V2 units', () => {
  let running: Running;
  let a: BothUnit;
  let b: BothUnit;
  let response: RestResponse = {};
  before(async () => {
    a = await startUnit(
      'a',
      () => response,
      () => inferMessage('a', 6, [1, 2]),
    );
    b = await startUnit(
      'b',
      () => response,
      () => inferMessage('b', 6, [3, 4]),
    );
    running = await run(a.node('MODEL', [b.node('MODEL')]));
  });

  test('passes outputs on as inputs, big integers, NaN and parameters and all, each unit under its name', async () => {
    for (const path of [
      '/v2/models/infer',
      '/v2/models/a/infer',
      '/v2/models/b/infer',
      '/seldon/ns/test/v2/models/infer',
      '/seldon/ns/test/v2/models/a/infer',
    ]) {
      forget(a, b);
      response = { body: responseOf('a', 'INT64', '[9007199254740993,NaN]') };
      const reply = await ask(running.port, { path, body: INPUT });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.text, response.body);
      assert.equal(a.rest.asked[0]?.path, '/v2/models/a/infer', path);
      assert.equal(a.rest.asked[0]?.body.toString(), INPUT);
      assert.equal(b.rest.asked[0]?.path, '/v2/models/b/infer', path);
      const got = b.rest.asked[0]?.body.toString();
      assert.equal(got, String(response.body).replace('"outputs"', '"inputs"'));
    }
  });

  test('asks every unit under a name that is none of theirs, with its version', async () => {
    forget(a, b);
    await ask(running.port, { path: '/v2/models/iris/versions/2/infer', body: INPUT });
    assert.equal(a.rest.asked[0]?.path, '/v2/models/iris/versions/2/infer');
    assert.equal(b.rest.asked[0]?.path, '/v2/models/iris/versions/2/infer');
  });

  test('passes binary tensors on, and tells how long the JSON is each time', async () => {
    forget(a, b);
    response = binaryResponse('a', [1.5, -0]);
    const json =
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}';
    const body = Buffer.concat([Buffer.from(json), Buffer.from('0000803f', 'hex')]);
    const headers = {
      'content-type': 'application/octet-stream',
      [LAYOUT]: String(json.length),
    };
    const reply = await ask(running.port, { path: '/v2/models/infer', headers, body });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.body, response.body);
    assert.equal(reply.headers[LAYOUT], response.headers?.[LAYOUT]);
    const first = a.rest.asked[0];
    assert.deepEqual(first?.body, body);
    assert.equal(first?.headers[LAYOUT], String(json.length));
    const second = b.rest.asked[0];
    assert.ok(second !== undefined);
    const [head, tensor] = split(second);
    assert.deepEqual(JSON.parse(head), {
      model_name: 'a',
      parameters: { binary_data_output: true },
      inputs: [{ name: 'o', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }],
    });
    assert.equal(tensor.toString('hex'), '0000c03f00000080');
    assert.equal(second.headers['content-type'], 'application/octet-stream');
  });

  test('tells no length of JSON where the response before is none in binary', async () => {
    forget(a, b);
    response = { body: responseOf('a', 'FP32', '[1,2]') };
    const headers = { 'content-type': 'application/octet-stream', [LAYOUT]: '0' };
    const body = Buffer.alloc(8);
    const reply = await ask(running.port, { path: '/v2/models/infer', headers, body });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(a.rest.asked[0]?.headers[LAYOUT], '0');
    assert.deepEqual(a.rest.asked[0]?.body, body);
    assert.equal(b.rest.asked[0]?.headers[LAYOUT], undefined);
    assert.equal(b.rest.asked[0]?.headers['content-type'], 'application/json');
    assert.equal(reply.headers[LAYOUT], undefined);
  });

  test('says what is wrong with a response that cannot be passed on', async () => {
    response = { body: '{"foo":1}' };
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.status, 500);
    assert.equal(reply.headers['sidegraph-error'], 'ANSWER_NOT_CHAINABLE');
    assert.equal(reply.headers['content-type'], 'application/json');
    const body = JSON.parse(reply.text) as { error: string; status: { code: number } };
    assert.match(body.error, /"a".*Failed to convert kfserving response/);
    assert.equal(body.status.code, 500);
  });

  test('passes the errors of units as they are', async () => {
    response = { status: 404, body: '{"error":"Unknown model"}' };
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.status, 404);
    assert.equal(reply.text, '{"error":"Unknown model"}');
  });

  test('keeps raw contents over gRPC, under the name of each unit', async () => {
    for (const named of ['', 'a', 'b', 'iris']) {
      forget(a, b);
      const message = inferMessage(named, 7, [0.5]);
      const reply = await askGrpc(running.grpcPort, { path: INFER, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.deepEqual(reply.message, inferMessage('b', 6, [3, 4]));
      const asked = named === 'iris' ? ['iris', 'iris'] : ['a', 'b'];
      assert.deepEqual(a.grpc.asked[0]?.message, inferMessage(asked[0] ?? '', 7, [0.5]), named);
      assert.deepEqual(b.grpc.asked[0]?.message, inferMessage(asked[1] ?? '', 7, [1, 2]), named);
    }
  });
});

describe('routers and combiners of V2 units', () => {
  let running: Running;
  let router: BothUnit;
  let a: BothUnit;
  let b: BothUnit;
  let combiner: BothUnit;
  let branch = 0;
  let isBinary = false;
  before(async () => {
    router = await startUnit(
      'r',
      () => ({ body: responseOf('r', 'INT64', `[${branch},0]`) }),
      () =>
        Buffer.concat([
          bytesField(5, stringField(1, 'b'), stringField(2, 'INT32'), bytesField(3, varint(1))),
          bytesField(6, Buffer.from(Int32Array.of(branch).buffer)),
        ]),
    );
    a = await startUnit(
      'a',
      () => (isBinary ? binaryResponse('a', [1, 2]) : { body: responseOf('a', 'FP32', '[1,2]') }),
      () => inferMessage('a', 6, [1, 2]),
    );
    b = await startUnit(
      'b',
      () => (isBinary ? binaryResponse('b', [4, 0]) : { body: responseOf('b', 'FP32', '[4,NaN]') }),
      () => inferMessage('b', 6, [4, 0]),
    );
    combiner = await startUnit(
      'c',
      (body) => ({ body }),
      (message) => message,
    );
    running = await run(choiceOfMerges(router, [a, b], combiner));
  });

  test('average JSON', async () => {
    branch = 0;
    isBinary = false;
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, responseOf('a', 'FP32', '[2.5,NaN]'));
    assert.equal(reply.headers['seldon-routing'], '{"r":0}');
    assert.equal(router.rest.asked[0]?.path, '/v2/models/r/route');
    assert.equal(router.rest.asked[0]?.body.toString(), INPUT);
  });

  test('average binary tensors', async () => {
    branch = 0;
    isBinary = true;
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.status, 200, reply.text);
    const [head, tensor] = split(reply);
    assert.deepEqual(Buffer.concat([Buffer.from(head), tensor]), reply.body);
    assert.equal(tensor.readFloatLE(0), 2.5);
    assert.equal(tensor.readFloatLE(4), 1);
    assert.equal(reply.headers['content-type'], 'application/octet-stream');
  });

  test('average raw contents over gRPC', async () => {
    branch = 0;
    const message = inferMessage('', 7, [0]);
    const reply = await askGrpc(running.grpcPort, { path: INFER, message });
    assert.equal(reply.status, 0, reply.statusMessage);
    assert.deepEqual(reply.message, inferMessage('a', 6, [2.5, 1]));
    assert.equal(router.grpc.asked[0]?.path, INFER);
  });

  test('give a combiner the responses in a list', async () => {
    branch = 1;
    isBinary = false;
    forget(combiner);
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.status, 200, reply.text);
    const list = `[${responseOf('a', 'FP32', '[1,2]')},${responseOf('b', 'FP32', '[4,NaN]')}]`;
    assert.equal(reply.text, list);
    assert.equal(combiner.rest.asked[0]?.path, '/v2/models/c/aggregate');
  });

  test('give a combiner binary responses in a list with their tensors behind it', async () => {
    branch = 1;
    isBinary = true;
    forget(combiner);
    await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    const asked = combiner.rest.asked[0];
    assert.ok(asked !== undefined);
    const [head, tensors] = split(asked);
    assert.deepEqual(
      (JSON.parse(head) as { model_name: string }[]).map((each) => each.model_name),
      ['a', 'b'],
    );
    assert.equal(tensors.toString('hex'), '0000803f000000400000804000000000');
  });

  test('give a combiner the outputs of all responses over gRPC', async () => {
    branch = 1;
    forget(combiner);
    const message = inferMessage('', 7, [0]);
    const reply = await askGrpc(running.grpcPort, { path: INFER, message });
    assert.equal(reply.status, 0, reply.statusMessage);
    const tensor = (name: string): Buffer =>
      bytesField(5, stringField(1, name), stringField(2, 'FP32'), bytesField(3, varint(2)));
    assert.deepEqual(
      combiner.grpc.asked[0]?.message,
      Buffer.concat([
        stringField(1, 'c'),
        tensor('o'),
        tensor('o_1'),
        bytesField(7, Buffer.from(Float32Array.of(1, 2).buffer)),
        bytesField(7, Buffer.from(Float32Array.of(4, 0).buffer)),
      ]),
    );
  });

  test('end with the request itself where the router chooses none, as a response', async () => {
    branch = -2;
    const reply = await askGrpc(running.grpcPort, {
      path: INFER,
      message: inferMessage('x', 7, [0.5]),
    });
    assert.equal(reply.status, 0, reply.statusMessage);
    assert.deepEqual(reply.message, inferMessage('x', 6, [0.5]));
  });

  test('say what a router’s response lacks', async () => {
    branch = 7;
    const reply = await ask(running.port, { path: '/v2/models/infer', body: INPUT });
    assert.equal(reply.headers['sidegraph-error'], 'ROUTE_OUT_OF_RANGE');
  });
});

describe('a single V2 model', () => {
  let running: Running;
  let m: BothUnit;
  before(async () => {
    m = await startUnit(
      'm',
      (_body, path) =>
        path.endsWith('/ready')
          ? { body: '{"ready":true}' }
          : { body: '{"name":"m","platform":"sklearn"}' },
      (_message, path) => (path === INFER ? inferMessage('m', 6, [1]) : Buffer.from('0801', 'hex')),
    );
    running = await run(m.node('MODEL'));
  });

  test('is asked under the name and version of the client', async () => {
    for (const [path, asked] of [
      ['/v2/models/infer', '/v2/models/m/infer'],
      ['/v2/models/m/infer', '/v2/models/m/infer'],
      ['/v2/models/other/infer', '/v2/models/other/infer'],
      ['/v2/models/m/versions/3/infer', '/v2/models/m/versions/3/infer'],
      ['/seldon/ns/test/v2/models/m/versions/3/infer', '/v2/models/m/versions/3/infer'],
    ] as const) {
      forget(m);
      const reply = await ask(running.port, { path, body: INPUT });
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
      assert.equal(m.rest.asked[0]?.path, asked);
    }
  });

  test('answers for itself, and the graph for the rest', async () => {
    const get = (path: string): Promise<Reply> => ask(running.port, { method: 'GET', path });
    assert.equal((await get('/v2/models/m/ready')).text, '{"ready":true}');
    assert.equal((await get('/v2/models/m')).text, '{"name":"m","platform":"sklearn"}');
    assert.equal((await get('/seldon/ns/test/v2/models/m')).status, 200);
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
    const server = await get('/v2');
    assert.equal(server.status, 200);
    assert.equal((JSON.parse(server.text) as { name: string }).name, 'test');
    assert.equal((await get('/v2/docs/')).status, 200);
    assert.equal((await get('/v2/nothing')).status, 404);
  });

  test('answers for itself over gRPC, and the graph for the rest', async () => {
    const call = async (method: string, hex: string): Promise<string> => {
      const path = `/inference.GRPCInferenceService/${method}`;
      const reply = await askGrpc(running.grpcPort, { path, message: Buffer.from(hex, 'hex') });
      return reply.status === 0 ? reply.message.toString('hex') : reply.statusMessage;
    };
    assert.equal(await call('ModelReady', '0a016d'), '0801');
    assert.equal(await call('ModelMetadata', '0a016d'), '0801');
    assert.equal(await call('ServerLive', ''), '0801');
    assert.equal(await call('ServerReady', ''), '0801');
    assert.match(await call('ServerMetadata', ''), /^0a0474657374/);
  });
});
