// What the filter answers with is what the unit said, where Envoy would make something else of it: a 400 leaves the client's connection
// open, and a response without a content type stays without.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, type Reply } from '../harness/client.ts';
import { deployment, model, type Node } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

const VALUES = '{"data":{"ndarray":[[1.0,3.0]]}}';

describe('responses of the filter', () => {
  let failing: RestUnit;
  let untyped: RestUnit;
  let router: RestUnit;
  const running: Record<string, Running> = {};

  before(async () => {
    failing = await startRestUnit(() => ({ status: 400, body: '{"e":1}' }));
    untyped = await startRestUnit((_asked, response) => {
      response.writeHead(200, { 'content-length': VALUES.length });
      response.end(VALUES);
      return undefined;
    });
    router = await startRestUnit(() => ({ body: '{"data":{"ndarray":[[0]]}}' }));
    const graphs: Readonly<Record<string, Node>> = {
      native: model('m', failing.port),
      tail: {
        ...model('t', untyped.port),
        type: 'TRANSFORMER',
        children: [model('m', failing.port)],
      },
      side: {
        ...model('t', failing.port),
        type: 'TRANSFORMER',
        children: [model('m', untyped.port)],
      },
      average: {
        name: 'c',
        implementation: 'AVERAGE_COMBINER',
        children: [model('a', untyped.port), model('b', untyped.port)],
      },
      output: {
        ...model('o', untyped.port),
        type: 'OUTPUT_TRANSFORMER',
        children: [model('m', untyped.port)],
      },
      routed: {
        ...model('o', untyped.port),
        type: 'OUTPUT_TRANSFORMER',
        children: [
          { ...model('r', router.port), type: 'ROUTER', children: [model('m', untyped.port)] },
        ],
      },
      alone: model('m', untyped.port),
    };
    await Promise.all(
      Object.entries(graphs).map(async ([name, graph]) => {
        running[name] = await runGraph(deployment(graph));
      }),
    );
  });

  after(async () => {
    await Promise.all(Object.values(running).map((each) => each.stop()));
    await Promise.all([failing?.close(), untyped?.close(), router?.close()]);
  });

  for (const place of ['native', 'tail', 'side']) {
    test(`${place}: a unit's 400 leaves the connection of the client open`, async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const sockets = new Set<unknown>();
        agent.on('free', (socket: unknown) => sockets.add(socket));
        for (let i = 0; i < 5; i++) {
          const reply = await askPlace(place, { agent });
          assert.equal(reply.status, 400, reply.text);
          assert.equal(reply.text, '{"e":1}');
          assert.notEqual(reply.headers.connection, 'close');
        }
        assert.equal(sockets.size, 1, 'connections');
      } finally {
        agent.destroy();
      }
    });
  }

  for (const place of ['alone', 'average', 'output', 'routed']) {
    test(`${place}: responses without a content type make one without`, async () => {
      const reply = await askPlace(place, {});
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.headers['content-type'], undefined);
      const { data } = JSON.parse(reply.text) as { readonly data: { readonly ndarray: unknown } };
      assert.deepEqual(data.ndarray, [[1, 3]]);
    });
  }

  async function askPlace(place: string, options: { readonly agent?: http.Agent }): Promise<Reply> {
    const graph = running[place];
    assert.ok(graph);
    return ask(graph.port, { body: VALUES, ...options });
  }
});
