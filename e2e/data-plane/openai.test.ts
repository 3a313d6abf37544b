// OpenAI's protocol through a real Envoy: a single model, a transformer before it, a router that picks by the model that a request
// names; streams, errors and the list of models.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { ask } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { runGraph } from '../harness/run.ts';
import { assertOneByOne, receive, startEventUnit } from '../harness/streams.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

const CHAT = '/v1/chat/completions';
const QUESTION =
  '{"model":"large","messages":[{"role":"user","content":"1 + 1?"}],"seed":9007199254740993}';

const EVENTS = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', 'data: [DONE]\n\n'];
const PAUSE_MS = 80;

function speaking(graph: Node): object {
  return deployment(graph, {}, { protocol: 'openai' });
}

/** A language model: says what it was asked, as one response or as a stream of three pieces. */
function startModel(name: string): Promise<RestUnit> {
  return startEventUnit(EVENTS, PAUSE_MS, ({ path, method, body }) => {
    if (method === 'GET')
      return { body: `{"object":"list","data":[{"id":"${name}","max_model_len":8}]}` };
    const request = JSON.parse(body.toString()) as { stream?: boolean };
    return request.stream === true ? undefined : { body: JSON.stringify({ model: name, path }) };
  });
}

async function assertStream(port: number): Promise<void> {
  const streaming = QUESTION.replace('{', '{"stream":true,');
  assertOneByOne(await receive(port, CHAT, streaming), EVENTS, PAUSE_MS);
}

test('one model is Envoy’s alone, on every path of the protocol', async () => {
  const unit = await startModel('m');
  const running = await runGraph(speaking({ name: 'm', type: 'MODEL', port: unit.port }));
  try {
    for (const path of [CHAT, '/v1/completions', '/v1/embeddings', '/v1/responses?a=b']) {
      for (const prefix of ['', '/seldon/ns/test']) {
        const reply = await ask(running.port, { path: prefix + path, body: QUESTION });
        assert.equal(reply.text, JSON.stringify({ model: 'm', path }), prefix + path);
      }
    }
    assert.equal(unit.asked.at(-1)?.body.toString(), QUESTION);
    await assertStream(running.port);
    assert.deepEqual(running.filterPids(), []);
    const unknown = await ask(running.port, { path: '/v1/audio', body: '{}' });
    assert.equal(unknown.status, 404);
    const { error } = JSON.parse(unknown.text);
    assert.match(error.message, /^no such path: this graph speaks openai, as in POST \/v1\/chat\//);
    assert.deepEqual([error.type, error.param, error.code], ['invalid_request_error', null, 404]);
    const models = await ask(running.port, { path: '/v1/models', method: 'GET' });
    assert.deepEqual(JSON.parse(models.text), {
      object: 'list',
      data: [{ id: 'm', max_model_len: 8 }],
    });
    assert.equal((await ask(running.port, { path: '/health', method: 'GET' })).status, 200);
  } finally {
    await running.stop();
    await unit.close();
  }
});

test('a transformer gives the model its request, a router picks by the model that is named', async () => {
  const small = await startModel('small');
  const large = await startModel('large');
  const transformer = await startRestUnit(({ body }) => ({
    body: body.toString().replace('1 + 1?', '2 + 2?'),
  }));
  const router = await startRestUnit(({ body }) => ({
    body: body.toString().includes('"model":"large"') ? '[1]' : '[0]',
  }));
  const running = await runGraph(
    speaking({
      name: 't',
      type: 'TRANSFORMER',
      port: transformer.port,
      children: [
        {
          name: 'r',
          type: 'ROUTER',
          port: router.port,
          children: [
            { name: 'small', type: 'MODEL', port: small.port },
            { name: 'large', type: 'MODEL', port: large.port },
          ],
        },
      ],
    }),
  );
  try {
    for (const path of [CHAT, '/v1/completions?x=y']) {
      const reply = await ask(running.port, { path, body: QUESTION });
      assert.equal(reply.text, JSON.stringify({ model: 'large', path }));
      assert.equal(reply.headers['seldon-routing'], '{"r":1}');
    }
    const other = await ask(running.port, {
      path: CHAT,
      body: QUESTION.replace('large', 'small'),
    });
    assert.equal(JSON.parse(other.text).model, 'small');
    assert.equal(large.asked[0]?.body.toString(), QUESTION.replace('1 + 1?', '2 + 2?'));
    assert.equal(transformer.asked[0]?.path, '/transform-input');
    assert.equal(router.asked[0]?.path, '/route');
    await assertStream(running.port);
    const models = await ask(running.port, { path: '/v1/models', method: 'GET' });
    assert.deepEqual(
      (JSON.parse(models.text) as { data: { id: string }[] }).data.map(({ id }) => id),
      ['small', 'large'],
    );
  } finally {
    await running.stop();
    for (const unit of [small, large, transformer, router]) await unit.close();
  }
});

test('what comes after the model gets its whole response; a fault is told in the words of the protocol', async () => {
  const model = await startModel('m');
  const after = await startRestUnit(({ body }) => ({
    body: body.toString().replace('"m"', '"seen"'),
  }));
  const running = await runGraph(
    speaking({
      name: 'o',
      type: 'OUTPUT_TRANSFORMER',
      port: after.port,
      children: [{ name: 'm', type: 'MODEL', port: model.port }],
    }),
  );
  try {
    const path = '/v1/completions';
    const reply = await ask(running.port, { path, body: QUESTION });
    assert.equal(reply.text, JSON.stringify({ model: 'seen', path }));
    assert.equal(after.asked[0]?.path, '/transform-output');
    await model.close();
    const failed = await ask(running.port, { path, body: QUESTION });
    assert.equal(failed.status, 500);
    const { error } = JSON.parse(failed.text) as { error: { type: string; code: number } };
    assert.equal(error.type, 'server_error');
    assert.equal(error.code, 500);
  } finally {
    await running.stop();
    await after.close();
  }
});

test('what Envoy fails with is told in the words of the protocol, with its code', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const dead = await freePort();
  const model: Node = { name: 'm', type: 'MODEL', port };
  const refused = `unit t (127.0.0.2:${dead}): connection refused`;
  for (const [graph, status, code, message] of [
    [model, 504, 'DEADLINE_EXCEEDED', 'the request took longer than its deadline'],
    [
      { name: 't', type: 'TRANSFORMER', host: '127.0.0.2', port: dead, children: [model] },
      500,
      'UNIT_UNREACHABLE',
      refused,
    ],
  ] as const) {
    const annotations = { 'sidegraph.io/deadline-ms': '500' };
    const running = await runGraph(deployment(graph, annotations, { protocol: 'openai' }));
    t.after(() => running.stop());
    const reply = await ask(running.port, { path: CHAT, body: QUESTION });
    assert.deepEqual([reply.status, reply.headers['sidegraph-error']], [status, code], reply.text);
    assert.equal(JSON.parse(reply.text).error.message, message);
  }
});
