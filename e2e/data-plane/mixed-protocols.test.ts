// Units that speak another protocol than their graph, through a real Envoy: what each of them is sent, and what the client gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, askGrpc, PREDICT } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import { type RestBehaviour, type RestUnit, startRestUnit } from '../harness/unit.ts';

const ANNOTATION = 'sidegraph.io/protocol';

function speaking(protocol: string, units: string, graph: Node): object {
  const made = deployment(graph, { [ANNOTATION]: units }) as { spec: object };
  return { ...made, spec: { ...made.spec, protocol } };
}

const v2Model: RestBehaviour = ({ path }) =>
  path.endsWith('/infer')
    ? {
        body: '{"model_name":"m","model_version":"1","outputs":[{"name":"p","datatype":"FP64","shape":[1,2],"data":[0.25,9007199254740993]}]}',
      }
    : { status: 404, body: '{"error":"no such path"}' };

async function withUnits(
  behaviours: readonly RestBehaviour[],
  use: (units: readonly RestUnit[]) => Promise<void>,
): Promise<void> {
  const units = await Promise.all(behaviours.map((behaviour) => startRestUnit(behaviour)));
  try {
    await use(units);
  } finally {
    await Promise.all(units.map((unit) => unit.close()));
  }
}

test('a V2 server in a Seldon graph, behind a transformer and a router of its own kind', async () => {
  const transformer: RestBehaviour = ({ body }) => ({
    body: body.toString().replace('[[1,2]]', '[[3,9007199254740993]]'),
  });
  const router: RestBehaviour = () => ({
    body: '{"outputs":[{"name":"branch","datatype":"INT64","shape":[1],"data":[1]}]}',
  });
  await withUnits([transformer, router, v2Model], async ([t, r, m]) => {
    const running = await runGraph(
      speaking('seldon', 'r=v2, m=v2', {
        name: 't',
        type: 'TRANSFORMER',
        port: t?.port ?? 0,
        children: [
          {
            name: 'r',
            type: 'ROUTER',
            port: r?.port ?? 0,
            children: [
              { name: 'n', type: 'MODEL', port: 9 },
              { name: 'm', type: 'MODEL', port: m?.port ?? 0 },
            ],
          },
        ],
      }),
    );
    try {
      const body = '{"meta":{"puid":"abc"},"data":{"names":["a","b"],"ndarray":[[1,2]]}}';
      const reply = await ask(running.port, { path: PREDICT, body });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.headers['seldon-routing'], '{"r":1}');
      assert.equal(reply.headers['content-type'], 'application/json');
      // Digits survive, so the text is compared and not what JSON.parse makes of it.
      assert.match(reply.text, /"ndarray":\[\[0\.25,9007199254740993\]\]/);
      assert.equal(r?.asked[0]?.path, '/v2/models/r/route');
      assert.equal(m?.asked[0]?.path, '/v2/models/m/infer');
      const sent = m?.asked[0]?.body.toString() ?? '';
      assert.match(sent, /"data":\[3,9007199254740993\]/);
      const { inputs } = JSON.parse(sent) as { inputs: { shape: number[]; datatype: string }[] };
      assert.deepEqual(inputs[0]?.shape, [1, 2]);
      assert.equal(inputs[0]?.datatype, 'INT64');
    } finally {
      await running.stop();
    }
  });
});

test('a Seldon unit in a V2 graph answers as V2; a single one is walked', async () => {
  const seldon: RestBehaviour = ({ path }) => ({
    status: path === '/predict' ? 200 : 500,
    body: '{"data":{"names":["t:0"],"ndarray":[[0.5],[1.5]]},"meta":{"tags":{"x":1}}}',
  });
  await withUnits([seldon], async ([m]) => {
    const running = await runGraph(
      speaking('v2', 'seldon', { name: 'm', type: 'MODEL', port: m?.port ?? 0 }),
    );
    try {
      const body =
        '{"id":"7","inputs":[{"name":"x","datatype":"FP64","shape":[2,2],"data":[1,2,3,4]}]}';
      const reply = await ask(running.port, { path: '/v2/models/any/infer', body });
      assert.equal(reply.status, 200, reply.text);
      const response = JSON.parse(reply.text) as {
        outputs: { datatype: string; shape: number[]; data: number[] }[];
      };
      assert.equal(response.outputs[0]?.datatype, 'FP64');
      assert.deepEqual(response.outputs[0]?.shape, [2, 1]);
      assert.deepEqual(response.outputs[0]?.data, [0.5, 1.5]);
      assert.match(m?.asked[0]?.body.toString() ?? '', /"ndarray":\[\[1,2\],\[3,4\]\]/);
    } finally {
      await running.stop();
    }
  });
});

test('a chain of all three protocols', async () => {
  const seldon: RestBehaviour = ({ body }) => ({ body });
  const tensorflow: RestBehaviour = ({ path }) =>
    path === '/v1/models/f:predict' ? { body: '{"predictions":[[7,8]]}' } : { status: 404 };
  await withUnits([seldon, tensorflow, v2Model], async ([s, f, m]) => {
    const running = await runGraph(
      speaking('seldon', 'f=tensorflow, m=v2', {
        name: 's',
        type: 'MODEL',
        port: s?.port ?? 0,
        children: [
          {
            name: 'f',
            type: 'MODEL',
            port: f?.port ?? 0,
            children: [{ name: 'm', type: 'MODEL', port: m?.port ?? 0 }],
          },
        ],
      }),
    );
    try {
      const body = '{"data":{"ndarray":[[1,2]]}}';
      const reply = await ask(running.port, { path: PREDICT, body });
      assert.equal(reply.status, 200, reply.text);
      assert.match(reply.text, /\[\[0\.25,9007199254740993\]\]/);
      assert.match(f?.asked[0]?.body.toString() ?? '', /"instances":\[\[1,2\]\]/);
      assert.match(m?.asked[0]?.body.toString() ?? '', /"data":\[7,8\]/);
    } finally {
      await running.stop();
    }
  });
});

test('what cannot be said is refused with the reason, and a unit’s own error passes', async () => {
  const failing: RestBehaviour = () => ({ status: 418, body: '{"error":"no tea"}' });
  await withUnits([failing], async ([m]) => {
    const running = await runGraph(
      speaking('seldon', 'm=v2', { name: 'm', type: 'MODEL', port: m?.port ?? 0 }),
    );
    try {
      const ragged = await ask(running.port, {
        path: PREDICT,
        body: '{"data":{"ndarray":[[1],[2,3]]}}',
      });
      assert.equal(ragged.status, 500, ragged.text);
      assert.equal(ragged.headers['sidegraph-error'], 'MESSAGE_NOT_TRANSLATABLE');
      assert.match(ragged.text, /for unit \\"m\\"/);
      assert.equal(m?.asked.length, 0);
      const own = await ask(running.port, { path: PREDICT, body: '{"data":{"ndarray":[[1]]}}' });
      assert.equal(own.status, 418);
      assert.equal(own.text, '{"error":"no tea"}');
      const feedback = await ask(running.port, {
        path: '/api/v1.0/feedback',
        body: '{"reward":1}',
      });
      assert.equal(feedback.text, '{"reward":1}', 'V2 takes none, so it is its own response');
      const grpc = await askGrpc(running.grpcPort, {});
      assert.ok(grpc.status !== 0);
    } finally {
      await running.stop();
    }
  });
});
