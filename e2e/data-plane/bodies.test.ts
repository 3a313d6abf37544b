// Bodies of every size and shape through a walked graph and a native one on a real Envoy.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, model } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { echo, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

describe('bodies through a chain', () => {
  let transformer: RestUnit;
  let unit: RestUnit;
  let running: Running;
  let transform: (body: Buffer) => Buffer;

  before(async () => {
    transform = (body) => body;
    transformer = await startRestUnit((asked) => ({ body: transform(asked.body) }));
    unit = await startRestUnit(echo);
    running = await runGraph(
      deployment({
        name: 't',
        type: 'TRANSFORMER',
        port: transformer.port,
        children: [model('m', unit.port)],
      }),
    );
  });
  after(async () => {
    await running.stop();
    await transformer.close();
    await unit.close();
  });

  const lengths: readonly [string, (body: Buffer) => Buffer][] = [
    ['longer', (body) => Buffer.concat([body, body, body])],
    ['shorter', (body) => body.subarray(0, 3)],
    ['empty', () => Buffer.alloc(0)],
    ['of the same length', (body) => Buffer.from(body).fill(0x20)],
  ];
  for (const [name, change] of lengths) {
    test(`a transformer that makes the body ${name}: the model gets it whole, with its length`, async () => {
      transform = change;
      const body = Buffer.from('{"data":{"ndarray":[[1.0,2.5]]}}');
      const reply = await ask(running.port, { body });
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(reply.body, change(body));
      const asked = unit.asked.at(-1);
      assert.deepEqual(asked?.body, change(body));
      assert.equal(Number(asked?.headers['content-length'] ?? 0), change(body).length);
    });
  }

  test('a chunked request goes through, whatever its pieces', async () => {
    transform = (body) => body;
    const pieces = [Buffer.from('{"data":'), Buffer.from('{"ndarray"'), Buffer.from(':[[1]]}}')];
    const reply = await ask(running.port, { body: pieces });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, '{"data":{"ndarray":[[1]]}}');
  });

  test('an empty POST walks the graph with empty POSTs', async () => {
    transform = (body) => body;
    const count = unit.asked.length;
    const reply = await ask(running.port, {});
    assert.equal(reply.status, 200, reply.text);
    assert.equal(unit.asked.length, count + 1);
    assert.equal(unit.asked.at(-1)?.method, 'POST');
    assert.equal(unit.asked.at(-1)?.body.length, 0);
  });

  test('an empty POST that a transformer fills reaches the model with that body', async () => {
    transform = () => Buffer.from('{"strData":"filled"}');
    const reply = await ask(running.port, {});
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, '{"strData":"filled"}');
  });

  test('an empty chunked POST is a POST with an empty body', async () => {
    transform = (body) => body;
    const reply = await ask(running.port, {
      body: [],
      headers: { 'transfer-encoding': 'chunked' },
    });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.body.length, 0);
  });

  for (const bytes of [220_000, 1_048_577, 5_000_000, 20_000_000]) {
    test(`${bytes} random bytes arrive as they left`, async () => {
      transform = (body) => body;
      const body = randomBytes(bytes);
      const reply = await ask(running.port, {
        body,
        headers: { 'content-type': 'application/octet-stream' },
      });
      assert.equal(reply.status, 200, reply.text.slice(0, 300));
      assert.ok(reply.body.equals(body));
    });
  }

  test('a gzip response of a transformer goes on with its encoding, and the model reads it', async () => {
    const encoded = await startRestUnit(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('{"strData":"packed"}'),
    }));
    const reader = await startRestUnit((asked) => ({
      body: asked.headers['content-encoding'] === 'gzip' ? gunzipSync(asked.body) : 'not packed',
    }));
    const chain = await runGraph(
      deployment({
        name: 't',
        type: 'TRANSFORMER',
        port: encoded.port,
        children: [model('m', reader.port)],
      }),
    );
    try {
      const reply = await ask(chain.port, { body: '{}' });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.text, '{"strData":"packed"}');
    } finally {
      await chain.stop();
      await encoded.close();
      await reader.close();
    }
  });
});

describe('limits of bodies', () => {
  const limit = {
    'sidegraph.io/max-body-bytes': '100000',
    'sidegraph.io/max-answer-bytes': '50000',
  };

  for (const shape of ['native', 'walked'] as const) {
    test(`${shape}: one byte over the limit is 413 with a code, at the limit it passes, chunked or not`, async () => {
      const unit = await startRestUnit(() => ({ body: '{"strData":"ok"}' }));
      const graph =
        shape === 'native'
          ? model('m', unit.port)
          : { name: 't', type: 'TRANSFORMER', port: unit.port, children: [model('m', unit.port)] };
      const running = await runGraph(deployment(graph, limit));
      try {
        assert.equal((await ask(running.port, { body: Buffer.alloc(100_000, 0x20) })).status, 200);
        assert.equal(
          (
            await ask(running.port, {
              body: [Buffer.alloc(50_000, 0x20), Buffer.alloc(50_000, 0x20)],
            })
          ).status,
          200,
        );
        for (const body of [
          Buffer.alloc(100_001, 0x20),
          [Buffer.alloc(60_000, 0x20), Buffer.alloc(60_000, 0x20)],
        ]) {
          const reply = await ask(running.port, { body });
          assert.equal(reply.status, 413, reply.text);
          assert.equal(reply.headers['sidegraph-error'], 'BODY_TOO_LARGE');
          assert.equal(JSON.parse(reply.text).status.status, 'FAILURE');
        }
      } finally {
        await running.stop();
        await unit.close();
      }
    });

    test(`${shape}: a gRPC message over the limit is status 8`, async () => {
      const unit = await startGrpcUnit((asked) => ({ message: asked.message }));
      const leaf = { name: 'm', type: 'MODEL', grpcPort: unit.port };
      const graph =
        shape === 'native'
          ? leaf
          : { name: 't', type: 'TRANSFORMER', grpcPort: unit.port, children: [leaf] };
      const running = await runGraph(
        deployment(graph, { 'seldon.io/grpc-max-message-size': '1000' }),
      );
      try {
        const fits = await askGrpc(running.grpcPort, {
          message: Buffer.from(`2a0a${'61'.repeat(10)}`, 'hex'),
        });
        assert.equal(fits.status, 0, fits.statusMessage);
        const over = await askGrpc(running.grpcPort, {
          message: Buffer.concat([Buffer.from('2ad00f', 'hex'), Buffer.alloc(2000, 0x78)]),
        });
        assert.equal(over.status, 8, over.statusMessage);
      } finally {
        await running.stop();
        await unit.close();
      }
    });
  }

  test('a response over the limit that the filter must read is 502 ANSWER_TOO_LARGE, never cut', async () => {
    const large = await startRestUnit(() => ({ body: `{"strData":"${'x'.repeat(60_000)}"}` }));
    const running = await runGraph(
      deployment(
        { name: 't', type: 'TRANSFORMER', port: large.port, children: [model('m', large.port)] },
        limit,
      ),
    );
    try {
      const reply = await ask(running.port, { body: '{}' });
      assert.equal(reply.status, 502, reply.text);
      assert.equal(reply.headers['sidegraph-error'], 'ANSWER_TOO_LARGE');
    } finally {
      await running.stop();
      await large.close();
    }
  });
});
