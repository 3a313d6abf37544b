// What Envoy does with several predictors, draws, shadows and retries; the bodies are those that the walk made.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { runGraph, waitFor } from '../harness/run.ts';
import { echo, type RestUnit, startRestUnit } from '../harness/unit.ts';

const answering = (text: string): Promise<RestUnit> =>
  startRestUnit(() => ({ body: `{"strData":"${text}"}` }));

async function shares(port: number, requests: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < requests; i++) {
    const reply = await ask(port, { body: '{}' });
    assert.equal(reply.status, 200, reply.text);
    counts.set(reply.text, (counts.get(reply.text) ?? 0) + 1 / requests);
  }
  return counts;
}

const abTest = (name: string, ratioA: number, children: readonly Node[]): Node => ({
  name,
  implementation: 'RANDOM_ABTEST',
  parameters: [{ name: 'ratioA', value: String(ratioA), type: 'FLOAT' }],
  children,
});

describe('draws', () => {
  test('a nested A/B test gives every arm its product of weights, and names the decisions', async () => {
    const units = await Promise.all(['a', 'b', 'c'].map(answering));
    const [a, b, c] = units.map((unit, i) => model('abc'[i] ?? '', unit.port)) as [
      Node,
      Node,
      Node,
    ];
    const running = await runGraph(
      deployment(abTest('outer', 0.5, [a, abTest('inner', 0.4, [b, c])])),
    );
    try {
      const counts = await shares(running.port, 400);
      for (const [name, share] of [
        ['a', 0.5],
        ['b', 0.2],
        ['c', 0.3],
      ] as const) {
        const got = counts.get(`{"strData":"${name}"}`) ?? 0;
        assert.ok(Math.abs(got - share) < 0.1, `${name} got ${got}, wants ${share}`);
      }
      const routings = new Set<string>();
      for (let i = 0; i < 60; i++) {
        const reply = await ask(running.port, { body: '{}' });
        routings.add(`${JSON.parse(reply.text).strData} ${reply.headers['seldon-routing']}`);
      }
      assert.deepEqual([...routings].sort(), [
        'a {"outer":0}',
        'b {"outer":1,"inner":0}',
        'c {"outer":1,"inner":1}',
      ]);
    } finally {
      await running.stop();
      await Promise.all(units.map((unit) => unit.close()));
    }
  });
});

describe('several predictors', () => {
  test('share the traffic by weight; a shadow gets copies of the untouched request and no say', async () => {
    const main = await answering('main');
    const canary = await answering('canary');
    const shadow = await startRestUnit(() => ({ status: 500, body: 'broken' }));
    const transformer = await startRestUnit(() => ({ body: '{"strData":"changed"}' }));
    const running = await runGraph(
      deployment([
        {
          name: 'main',
          traffic: 75,
          graph: {
            name: 't',
            type: 'TRANSFORMER',
            port: transformer.port,
            children: [model('m', main.port)],
          },
        },
        { name: 'canary', traffic: 25, graph: model('m', canary.port) },
        { name: 'shadow', shadow: true, graph: model('m', shadow.port) },
      ]),
    );
    try {
      const counts = await shares(running.port, 200);
      const share = counts.get('{"strData":"main"}') ?? 0;
      assert.ok(share > 0.6 && share < 0.9, `main got ${share}`);
      assert.equal(main.asked[0]?.body.toString(), '{"strData":"changed"}');
      await waitFor(
        () => shadow.asked.length === 200,
        5_000,
        () => `200 copies, have ${shadow.asked.length}`,
      );
      assert.ok(
        shadow.asked.every((asked) => asked.body.toString() === '{}' && asked.path === '/predict'),
      );
      const forwarded = '192.0.2.7, 192.0.2.8';
      await ask(running.port, { body: '{}', headers: { 'x-forwarded-for': forwarded } });
      await waitFor(
        () => shadow.asked.length === 201,
        5_000,
        () => 'a copy of a request with x-forwarded-for',
      );
      const seen = [...main.asked, ...canary.asked, ...shadow.asked].map(
        ({ headers }) => headers['x-forwarded-for'],
      );
      assert.equal(seen.filter((value) => value === forwarded).length, 2, 'unit and shadow');
      assert.equal(seen.filter((value) => value === undefined).length, 400, 'no address of ours');
    } finally {
      await running.stop();
      await Promise.all([main, canary, shadow, transformer].map((unit) => unit.close()));
    }
  });
});

describe('retries', () => {
  test('a retried tail call carries the changed body each time', async () => {
    const transformer = await startRestUnit(() => ({ body: '{"strData":"changed"}' }));
    let attempt = 0;
    const flaky = await startRestUnit((asked) =>
      ++attempt < 3 ? { status: 503, body: 'no' } : { body: asked.body },
    );
    const running = await runGraph(
      deployment(
        {
          name: 't',
          type: 'TRANSFORMER',
          port: transformer.port,
          children: [model('m', flaky.port)],
        },
        { 'sidegraph.io/retries': '3' },
      ),
    );
    try {
      const reply = await ask(running.port, { body: '{"data":{"ndarray":[[1,2,3]]}}' });
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(
        flaky.asked.map((asked) => asked.body.toString()),
        Array(3).fill('{"strData":"changed"}'),
      );
      assert.equal(transformer.asked.length, 1);
    } finally {
      await running.stop();
      await transformer.close();
      await flaky.close();
    }
  });

  test('a side call is retried by Envoy on the egress listener', async () => {
    let attempt = 0;
    const flaky = await startRestUnit((asked) =>
      ++attempt < 3 ? { status: 503, body: 'no' } : { body: asked.body },
    );
    const healthy = await startRestUnit(echo);
    const running = await runGraph(
      deployment(
        { name: 't', type: 'TRANSFORMER', port: flaky.port, children: [model('m', healthy.port)] },
        { 'sidegraph.io/retries': '3' },
      ),
    );
    try {
      const reply = await ask(running.port, { body: '{"n":1}' });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.text, '{"n":1}');
      assert.equal(flaky.asked.length, 3);
    } finally {
      await running.stop();
      await flaky.close();
      await healthy.close();
    }
  });

  test('without the annotation nothing is sent twice', async () => {
    const failing = await startRestUnit(() => ({ status: 503, body: 'no' }));
    const running = await runGraph(deployment(model('m', failing.port)));
    try {
      assert.equal((await ask(running.port, { body: '{}' })).status, 503);
      assert.equal(failing.asked.length, 1);
    } finally {
      await running.stop();
      await failing.close();
    }
  });
});
