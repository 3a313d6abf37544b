// What headers units are given and clients get, on responses of units, of the filter and of Envoy alike.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from '../harness/client.ts';
import { deployment, model } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

describe('headers', () => {
  let router: RestUnit;
  let a: RestUnit;
  let b: RestUnit;
  let walked: Running;
  let native: Running;
  let branch = 1;

  before(async () => {
    router = await startRestUnit(() => ({ body: `{"data":{"ndarray":[[${branch}]]}}` }));
    a = await startRestUnit(() => ({ body: '{"strData":"a"}' }));
    b = await startRestUnit(() => ({
      headers: {
        'x-model': 'b',
        'set-cookie': ['one=1', 'two=2'],
        'access-control-allow-origin': 'http://elsewhere',
        'seldon-puid': 'from-the-unit',
        'x-sidegraph-unit': 'from-the-unit',
      },
      body: '{"strData":"b"}',
    }));
    walked = await runGraph(
      deployment({
        name: 'r',
        type: 'ROUTER',
        port: router.port,
        children: [model('a', a.port), model('b', b.port)],
      }),
    );
    native = await runGraph(deployment(model('b', b.port)));
  });
  after(async () => {
    await walked.stop();
    await native.stop();
    await router.close();
    await a.close();
    await b.close();
  });

  test("the answering unit's headers reach the client, repeated ones repeated; ours overwrite", async () => {
    branch = 1;
    for (const running of [walked, native]) {
      const reply = await ask(running.port, { body: '{}', headers: { 'Seldon-Puid': 'p-1' } });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.headers['x-model'], 'b');
      assert.deepEqual(reply.headers['set-cookie'], ['one=1', 'two=2']);
      assert.equal(reply.headers['access-control-allow-origin'], '*');
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.equal(reply.headers['seldon-puid'], 'p-1');
      assert.equal(reply.headers['content-type'], 'application/json');
    }
  });

  test('the decisions of the walk are in seldon-routing', async () => {
    branch = 1;
    assert.equal((await ask(walked.port, { body: '{}' })).headers['seldon-routing'], '{"r":1}');
    branch = 0;
    assert.equal((await ask(walked.port, { body: '{}' })).headers['seldon-routing'], '{"r":0}');
  });

  test('a puid is made when the client has none, one for all calls and the response', async () => {
    branch = 0;
    const reply = await ask(walked.port, { body: '{}' });
    const puid = reply.headers['seldon-puid'];
    assert.match(String(puid), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.equal(router.asked.at(-1)?.headers['seldon-puid'], puid);
    assert.equal(a.asked.at(-1)?.headers['seldon-puid'], puid);
  });

  test('a client cannot choose the unit: internal headers are removed and do nothing', async () => {
    branch = 0;
    const count = b.asked.length;
    const forged = {
      'x-sidegraph-unit': 'b/predict/rest',
      'x-sidegraph-path': '/predict',
      'x-sidegraph-anything': '1',
    };
    const reply = await ask(walked.port, { body: '{}', headers: forged });
    assert.equal(reply.text, '{"strData":"a"}');
    assert.equal(b.asked.length, count);
    for (const asked of [router.asked.at(-1), a.asked.at(-1)]) {
      const names = Object.keys(asked?.headers ?? {}).filter((name) =>
        name.startsWith('x-sidegraph'),
      );
      assert.deepEqual(names, []);
    }
    const direct = await ask(walked.port, { path: '/predict', body: '{}', headers: forged });
    assert.equal(direct.status, 404, direct.text);
    assert.equal(b.asked.length, count);
  });

  test('internal headers of a unit do not reach the client', async () => {
    branch = 1;
    for (const running of [walked, native]) {
      const reply = await ask(running.port, { body: '{}' });
      assert.equal(reply.headers['x-sidegraph-unit'], undefined);
    }
  });

  test('CloudEvents headers come on every kind of response when the request asks, and only then', async () => {
    for (const [value, running] of [
      [0, walked],
      [1, walked],
      [99, walked],
      [0, native],
    ] as const) {
      branch = value;
      const reply = await ask(running.port, {
        body: '{}',
        headers: { 'Ce-Specversion': '1.0', 'Ce-Id': 'x' },
      });
      assert.equal(reply.headers['ce-specversion'], '0.3', reply.text);
      assert.equal(reply.headers['ce-path'], '/api/v1.0/predictions');
      assert.equal(reply.headers['ce-type'], 'seldon.test.ns.response');
      assert.equal(reply.headers['ce-source'], 'seldon.test');
      assert.equal(reply.headers['ce-id'], reply.headers['seldon-puid']);
      const plain = await ask(running.port, { body: '{}' });
      assert.equal(plain.headers['ce-id'], undefined);
    }
  });

  test('the prefix of the gateway works, the query reaches a single native unit only', async () => {
    branch = 0;
    const path = '/seldon/ns/test/api/v1.0/predictions?json=%7B%7D';
    assert.equal((await ask(native.port, { path, body: '{}' })).status, 200);
    assert.equal(b.asked.at(-1)?.path, '/predict?json=%7B%7D');
    assert.equal((await ask(walked.port, { path, body: '{}' })).status, 200);
    assert.equal(a.asked.at(-1)?.path, '/predict');
    assert.equal(router.asked.at(-1)?.path, '/route');
  });

  test('GET on predictions is 405, OPTIONS 200 with CORS headers, an unknown path 404, all without a call', async () => {
    const count = router.asked.length;
    assert.equal((await ask(walked.port, { method: 'GET' })).status, 405);
    assert.equal((await ask(walked.port, { method: 'HEAD' })).status, 405);
    const options = await ask(walked.port, { method: 'OPTIONS' });
    assert.equal(options.status, 200);
    assert.equal(options.headers['access-control-allow-origin'], '*');
    assert.equal(options.headers['access-control-allow-methods'], 'OPTIONS,POST');
    assert.equal((await ask(walked.port, { path: '/nowhere', body: '{}' })).status, 404);
    assert.equal(router.asked.length, count);
  });
});
