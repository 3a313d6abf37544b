// One trace of a graph of five units: each call a span with the right parent, over REST and gRPC, on edges that go straight and
// through Envoy. What a caller has decided holds; what is not traced leaves no span, and tells units so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import {
  hasCollector,
  type Receiver,
  type SpanRecord,
  startCollector,
  startReceiver,
  traceOf,
} from '../harness/otlp.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const SERVER = 2;
const CLIENT = 3;
/** A SeldonMessage with a tensor of one 0. */
const BRANCH_0 = Buffer.from([
  0x1a, 0x10, 0x12, 0x0e, 0x0a, 0x02, 1, 1, 0x12, 8, 0, 0, 0, 0, 0, 0, 0, 0,
]);

const newId = (bytes: number): string => randomBytes(bytes).toString('hex');

const receivers: [string, () => Promise<Receiver>][] = [
  ['a receiver of the protocol', startReceiver],
];
if (hasCollector()) receivers.push(["OpenTelemetry's collector", startCollector]);

for (const [name, start] of receivers) {
  describe(`traces, taken by ${name}`, () => {
    const rest = new Map<string, RestUnit>();
    const grpc = new Map<string, GrpcUnit>();
    let receiver: Receiver;
    let direct: Running;
    let egress: Running;

    before(async () => {
      receiver = await start();
      for (const unit of ['t', 'r', 'c', 'a', 'b']) {
        const body = unit === 'r' ? '{"data":{"ndarray":[[0]]}}' : '{"strData":"x"}';
        rest.set(unit, await startRestUnit(() => ({ body })));
        const message = unit === 'r' ? BRANCH_0 : Buffer.from('\x2a\x01x');
        grpc.set(unit, await startGrpcUnit(() => ({ message })));
      }
      const args = ['--otlp', receiver.url];
      const open = (annotations: Record<string, string>) =>
        runGraph(deployment(graph(), annotations), { args });
      direct = await open({});
      egress = await open({ 'sidegraph.io/retries': '1' });
    });
    after(async () => {
      await direct?.stop();
      await egress?.stop();
      for (const unit of [...rest.values(), ...grpc.values()]) await unit.close();
      await receiver?.close();
    });

    function graph(): Node {
      const node = (unit: string, type: string, children: Node[] = []): Node => ({
        name: unit,
        type,
        port: rest.get(unit)?.port ?? 0,
        grpcPort: grpc.get(unit)?.port ?? 0,
        children,
      });
      const combiner = node('c', 'COMBINER', [node('a', 'MODEL'), node('b', 'MODEL')]);
      return node('t', 'TRANSFORMER', [node('r', 'ROUTER', [combiner])]);
    }

    /** The `traceparent` that a unit was called with last. */
    function calledWith(transport: 'rest' | 'grpc', unit: string): readonly string[] {
      const asked = (transport === 'rest' ? rest : grpc).get(unit)?.asked.at(-1);
      return String(asked?.headers['traceparent']).split('-');
    }

    async function request(
      running: Running,
      transport: 'rest' | 'grpc',
      headers: Record<string, string>,
    ): Promise<void> {
      if (transport === 'rest') {
        const reply = await ask(running.port, { body: '{"strData":"q"}', headers });
        assert.equal(reply.status, 200, reply.text);
      } else {
        const message = Buffer.from('\x2a\x01q');
        const reply = await askGrpc(running.grpcPort, { message, headers });
        assert.equal(reply.status, 0, reply.statusMessage);
      }
    }

    for (const transport of ['rest', 'grpc'] as const) {
      for (const way of ['direct', 'egress'] as const) {
        test(`${transport}, ${way}: one trace with the right parents and times`, async () => {
          const running = way === 'direct' ? direct : egress;
          const [traceId, caller] = [newId(16), newId(8)];
          await request(running, transport, { traceparent: `00-${traceId}-${caller}-01` });
          // The request, five calls; the last is Envoy's own. Over egress each call but that is two more of Envoy's.
          const count = way === 'direct' ? 6 : 6 + 2 * 4;
          const spans = await traceOf(receiver, traceId, count);
          assert.equal(spans.length, count, spans.map((span) => span.name).join());
          const byId = new Map(spans.map((span) => [span.spanId, span]));
          const first = spans.find(({ parentSpanId }) => parentSpanId === caller);
          assert.ok(first);
          assert.equal(first.kind, SERVER);
          assert.equal(
            first.name,
            transport === 'rest' ? 'predictions' : '/seldon.protos.Seldon/Predict',
          );
          assert.equal(first.resource['service.name'], 'test');
          assert.equal(first.resource['service.namespace'], 'ns');
          const calls = new Map(
            spans
              .filter(({ attributes }) => 'seldon.unit' in attributes)
              .map((span) => [span.attributes['seldon.unit'] ?? '', span]),
          );
          assert.deepEqual([...calls.keys()].sort(), ['a', 'b', 'r', 't']);
          for (const [unit, span] of calls) {
            assert.equal(span.parentSpanId, first.spanId);
            assert.equal(span.kind, CLIENT);
            const [, , called = ''] = calledWith(transport, unit);
            if (way === 'direct') assert.equal(called, span.spanId);
            // Envoy's two spans are between.
            else
              assert.equal(
                byId.get(byId.get(called)?.parentSpanId ?? '')?.parentSpanId,
                span.spanId,
              );
          }
          assert.equal(calls.get('r')?.attributes['seldon.choice'], '0');
          const [, calledIn, last = '', flags] = calledWith(transport, 'c');
          assert.deepEqual([calledIn, flags], [traceId, '01']);
          assert.equal(byId.get(last)?.parentSpanId, first.spanId);
          assert.equal(byId.get(last)?.kind, CLIENT);
          for (const span of spans) holdTimes(span, byId.get(span.parentSpanId));
          const end = (unit: string): number => calls.get(unit)?.end ?? Number.NaN;
          const began = (unit: string): number => calls.get(unit)?.start ?? Number.NaN;
          assert.ok(end('t') <= began('r') + 1 && end('r') <= began('a') + 1);
          assert.ok(Math.max(end('a'), end('b')) <= (byId.get(last)?.start ?? 0) + 1);
        });
      }
    }

    test('what the caller did not want traced leaves no span, and units are told so', async () => {
      const [traceId, caller] = [newId(16), newId(8)];
      for (const running of [direct, egress]) {
        for (const transport of ['rest', 'grpc'] as const) {
          await request(running, transport, { traceparent: `00-${traceId}-${caller}-00` });
          for (const unit of ['t', 'r', 'a', 'b', 'c']) {
            const [version, calledIn, , flags] = calledWith(transport, unit);
            assert.deepEqual([version, calledIn, flags], ['00', traceId, '00'], unit);
          }
        }
      }
      const marker = newId(16);
      await request(direct, 'rest', { traceparent: `00-${marker}-${caller}-01` });
      await traceOf(receiver, marker, 6);
      assert.deepEqual(
        receiver.spans().filter((span) => span.traceId === traceId),
        [],
      );
    });

    test('a router that is built in says its choice in a span of its own', async () => {
      const port = rest.get('a')?.port ?? 0;
      const running = await runGraph(
        deployment({
          name: 'first',
          implementation: 'SIMPLE_ROUTER',
          children: [
            {
              name: 't',
              type: 'TRANSFORMER',
              port,
              children: [{ name: 'm', type: 'MODEL', port }],
            },
            { name: 'n', type: 'MODEL', port },
          ],
        }),
        { args: ['--otlp', receiver.url] },
      );
      const traceId = newId(16);
      await request(running, 'rest', { traceparent: `00-${traceId}-${newId(8)}-01` });
      const spans = await traceOf(receiver, traceId, 4);
      await running.stop();
      const choice = spans.find(({ name: own }) => own === 'choose');
      assert.equal(choice?.attributes['seldon.unit'], 'first');
      assert.equal(choice.attributes['seldon.choice'], '0');
    });

    test('a request of no trace begins one, as `run --otlp` traces all', async () => {
      await request(direct, 'rest', {});
      const [, traceId = '', , flags] = calledWith('rest', 'c');
      assert.equal(flags, '01');
      const spans = await traceOf(receiver, traceId, 6);
      assert.equal(spans.filter(({ parentSpanId }) => parentSpanId === '').length, 1);
    });
  });
}

describe('who decides', () => {
  let receiver: Receiver;
  let router: RestUnit;
  let model: RestUnit;

  before(async () => {
    receiver = await startReceiver();
    router = await startRestUnit(() => ({ body: '{"data":{"ndarray":[[0]]}}' }));
    model = await startRestUnit(() => ({ body: '{"strData":"x"}' }));
  });
  after(async () => {
    await router.close();
    await model.close();
    await receiver.close();
  });

  const graph = (): Node => ({
    name: 'r',
    type: 'ROUTER',
    port: router.port,
    children: [{ name: 'm', type: 'MODEL', port: model.port }],
  });

  async function withGraph(
    annotations: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>>,
    use: (running: Running) => Promise<void>,
  ): Promise<void> {
    const args = ['--otlp', receiver.url];
    const running = await runGraph(deployment(graph(), annotations), { args, env });
    try {
      await use(running);
    } finally {
      await running.stop();
    }
  }

  test('a graph that Envoy serves alone is traced too, also behind a split of the traffic', async () => {
    const alone: Node = { name: 'm', type: 'MODEL', port: model.port };
    const split = ['p', 'q'].map((name) => ({ name, graph: alone, traffic: 50 }));
    for (const served of [alone, split]) {
      const running = await runGraph(deployment(served), { args: ['--otlp', receiver.url] });
      try {
        const [trace, caller] = [newId(16), newId(8)];
        const headers = { traceparent: `00-${trace}-${caller}-01` };
        assert.equal((await ask(running.port, { body: '{}', headers })).status, 200);
        const spans = await traceOf(receiver, trace, 2);
        const [, , called] = String(model.asked.at(-1)?.headers['traceparent']).split('-');
        const client = spans.find(({ spanId }) => spanId === called);
        const first = spans.find(({ spanId }) => spanId === client?.parentSpanId);
        assert.equal(spans.length, 2);
        assert.deepEqual([client?.kind, client?.name], [CLIENT, '/predict']);
        assert.deepEqual([first?.kind, first?.name], [SERVER, 'predictions']);
        assert.equal(first?.parentSpanId, caller);
        assert.ok(['p', 'q'].includes(first?.resource['sidegraph.predictor'] ?? ''));
      } finally {
        await running.stop();
      }
    }
  });

  test('the filter and Envoy come to the same response for a share of the requests', async () => {
    await withGraph({ 'sidegraph.io/trace-sampling-percent': '30' }, {}, async (running) => {
      const [first, last] = [router.asked.length, model.asked.length];
      const requests = 200;
      for (let i = 0; i < requests; i++) await ask(running.port, { body: '{}' });
      const contexts = (unit: RestUnit, from: number) =>
        unit.asked.slice(from).map(({ headers }) => String(headers['traceparent']).split('-'));
      const byFilter = contexts(router, first).map(([, trace, , flags]) => `${trace} ${flags}`);
      const byEnvoy = contexts(model, last).map(([, trace, , flags]) => `${trace} ${flags}`);
      assert.deepEqual(byFilter, byEnvoy);
      const traced = byEnvoy.filter((context) => context.endsWith('01')).length;
      // 60 are expected, give or take six times 6.5.
      assert.ok(traced > 21 && traced < 99, String(traced));
    });
  });

  test("the caller's decision goes before the share, whichever header says it", async () => {
    const traceId = newId(16);
    const spanId = newId(8);
    const short = '0a1b2c3d4e5f6071';
    const forms: [Record<string, string>, string, string][] = [
      [{ traceparent: `00-${traceId}-${spanId}-01` }, traceId, '01'],
      [{ b3: `${traceId}-${spanId}-1` }, traceId, '01'],
      [{ b3: `${traceId}-${spanId}-0` }, traceId, '00'],
      [{ b3: `${short}-${spanId}-1-${newId(8)}` }, `${'0'.repeat(16)}${short}`, '01'],
      [{ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' }, traceId, '01'],
      [{ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': '0' }, traceId, '00'],
      [{ 'uber-trace-id': `${traceId}:${spanId}:0:1` }, traceId, '01'],
      [{ 'uber-trace-id': `${traceId}:${spanId}:0:0` }, traceId, '00'],
      [{ 'uber-trace-id': 'a1b2c3:d4e5:0:1' }, 'a1b2c3'.padStart(32, '0'), '01'],
    ];
    const env = { OTEL_PROPAGATORS: 'tracecontext,b3,jaeger' };
    await withGraph({ 'sidegraph.io/trace-sampling-percent': '0' }, env, async (running) => {
      for (const [headers, trace, flags] of forms) {
        assert.equal((await ask(running.port, { body: '{}', headers })).status, 200);
        for (const unit of [router, model]) {
          const [, called, , said] = String(unit.asked.at(-1)?.headers['traceparent']).split('-');
          assert.deepEqual([called, said], [trace, flags], JSON.stringify(headers));
        }
        const told = router.asked.at(-1)?.headers ?? {};
        if (flags === '00') continue;
        const [, , span] = String(told['traceparent']).split('-');
        assert.equal(told['b3'], `${trace}-${span}-1`);
        assert.equal(told['uber-trace-id'], `${trace}:${span}:0:1`);
        assert.equal(told['x-b3-traceid'], undefined);
      }
      for (const headers of [
        { b3: 'nonsense' },
        { 'uber-trace-id': '::::' },
        { traceparent: 'x' },
      ]) {
        const reply = await ask(running.port, { body: '{}', headers });
        assert.equal(reply.status, 200);
        const flags = String(router.asked.at(-1)?.headers['traceparent']).slice(-2);
        assert.notEqual(flags, '01', JSON.stringify(headers));
      }
    });
  });

  test('a receiver that is not there, and one that never answers, cost no request', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    for (const url of ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]) {
      const running = await runGraph(deployment(graph()), { args: ['--otlp', url] });
      try {
        for (let i = 0; i < 50; i++) {
          const reply = await ask(running.port, { body: '{}' });
          assert.equal(reply.status, 200);
          assert.ok(reply.ms < 1000, `${reply.ms} ms`);
        }
        await running.waitFor(/TRACES_LOST|traces are not sent/, 15_000);
      } finally {
        await running.stop();
      }
    }
    silent.close();
  });
});

/** A child within its parent, give or take what clocks are apart. */
function holdTimes(span: SpanRecord, parent: SpanRecord | undefined): void {
  assert.ok(span.end >= span.start, span.name);
  if (parent === undefined) return;
  assert.ok(span.start >= parent.start - 2, `${span.name} begins before ${parent.name}`);
  assert.ok(span.end <= parent.end + 2, `${span.name} ends after ${parent.name}`);
}
