// Responses that stream, through a real Envoy: where it forwards alone, and as the last call of a walk. Nothing is held back, a stream may
// last longer than a request may, and a client that goes away is felt by the model.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readString } from '../../lib/codecs/protobuf/oneof.ts';
import { stringField } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import {
  type Arrivals,
  assertOneByOne,
  type EventUnit,
  leaveEarly,
  openStream,
  receive,
  startEventUnit,
  startStreamUnit,
} from '../harness/streams.ts';
import { frameGrpc, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const EVENTS = 6;
const PAUSE_MS = 100;
const STREAM_INFER = '/inference.GRPCInferenceService/ModelStreamInfer';

const TEXTS = Array.from({ length: EVENTS }, (_, at) => `data: ${at}\n\n`);
const MODEL_INFER = '/inference.GRPCInferenceService/ModelInfer';

function speaking(graph: Node, annotations: Readonly<Record<string, string>> = {}): object {
  return deployment(graph, annotations, { protocol: 'v2' });
}

/** Streams where its path says so. */
function startStreaming(): Promise<EventUnit> {
  return startEventUnit(TEXTS, PAUSE_MS, ({ path }) =>
    path.includes('stream') ? undefined : { body: '{"outputs":[]}' },
  );
}

function assertStreamed(arrivals: Arrivals): void {
  assertOneByOne(arrivals, TEXTS, PAUSE_MS);
}

/** How long after its client has gone a model feels it. */
async function feltAfterMs(port: number, path: string, model: EventUnit): Promise<number> {
  const before = model.goneAt();
  const leftAt = await leaveEarly(port, path);
  const until = performance.now() + 5000;
  while (model.goneAt() === before && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return model.goneAt() - leftAt;
}

describe('server-sent events', () => {
  let model: EventUnit;
  let router: RestUnit;
  let transformer: RestUnit;
  before(async () => {
    model = await startStreaming();
    router = await startRestUnit(() => ({ body: '[0]' }));
    transformer = await startRestUnit(({ body }) => ({ body }));
  });
  after(async () => {
    await model?.close();
    await router?.close();
    await transformer?.close();
  });
  const leaf = (): Node => ({ name: 'm', type: 'MODEL', port: model.port });

  test('of a single model pass one by one, and outlast the deadline of a request', async () => {
    const running = await runGraph(speaking(leaf(), { 'sidegraph.io/deadline-ms': '300' }));
    try {
      for (const path of [
        '/v2/models/m/generate_stream',
        '/seldon/ns/test/v2/models/m/infer_stream',
      ]) {
        assertStreamed(await receive(running.port, path, '{"text_input":"a"}'));
      }
      const ms = await feltAfterMs(running.port, '/v2/models/m/generate_stream', model);
      assert.ok(ms > -10 && ms < 100, `${ms.toFixed(1)} ms`);
      assert.deepEqual(running.filterPids(), []);
    } finally {
      await running.stop();
    }
  });

  test('behind a router and a transformer pass one by one, and outlast the deadline', async () => {
    const graph: Node = {
      name: 'r',
      type: 'ROUTER',
      port: router.port,
      children: [
        { name: 't', type: 'TRANSFORMER', port: transformer.port, children: [leaf()] },
        { name: 'n', type: 'MODEL', port: 9 },
      ],
    };
    const running = await runGraph(speaking(graph, { 'sidegraph.io/deadline-ms': '300' }));
    try {
      const text = '{"text_input":"a","parameters":{"max_tokens":9007199254740993}}';
      assertStreamed(await receive(running.port, '/v2/models/m/generate_stream', text));
      const last = model.asked.at(-1);
      assert.equal(last?.path, '/v2/models/m/generate_stream');
      assert.equal(last?.body.toString(), text);
      assert.equal(transformer.asked.at(-1)?.path, '/v2/models/t/infer');
      assertStreamed(await receive(running.port, '/v2/models/x/infer_stream', '{"inputs":[]}'));
      assert.equal(model.asked.at(-1)?.path, '/v2/models/x/infer_stream');
      const ms = await feltAfterMs(running.port, '/v2/models/m/generate_stream', model);
      assert.ok(ms > -10 && ms < 100, `${ms.toFixed(1)} ms`);
    } finally {
      await running.stop();
    }
  });

  test('of a model that does not answer last are refused', async () => {
    const out = await startRestUnit(({ body }) => ({ body }));
    const running = await runGraph(
      speaking({ name: 'o', type: 'OUTPUT_TRANSFORMER', port: out.port, children: [leaf()] }),
    );
    try {
      const reply = await ask(running.port, { path: '/v2/models/m/generate_stream', body: '{}' });
      assert.equal(reply.status, 501, reply.text);
      assert.equal(reply.headers['sidegraph-error'], 'STREAM_NOT_LAST');
    } finally {
      await running.stop();
      await out.close();
    }
  });
});

describe('gRPC streams', () => {
  test('both ways, to a single model, message by message', async () => {
    const model = await startStreamUnit();
    const running = await runGraph(
      speaking(
        { name: 'm', type: 'MODEL', grpcPort: model.port, port: model.port },
        { 'sidegraph.io/max-body-bytes': '1000' },
      ),
    );
    const call = openStream(running.grpcPort, STREAM_INFER);
    try {
      const message = frameGrpc(Buffer.concat([stringField(1, 'm'), Buffer.alloc(400, 0x3a)]));
      // More than one request may hold, since it is a stream.
      for (let turn = 1; turn <= 5; turn++) {
        call.write(message);
        await call.until(turn * message.length);
      }
      assert.equal(await call.end(), '0');
      assert.equal(model.asked[0]?.bytes.length, 5 * message.length);
    } finally {
      call.destroy();
      await running.stop();
      await model.close();
    }
  });

  test('to a single model name it in every message, however the messages come', async () => {
    const model = await startStreamUnit();
    const running = await runGraph(
      speaking({ name: 'm', type: 'MODEL', grpcPort: model.port, port: model.port }),
    );
    const call = openStream(running.grpcPort, STREAM_INFER);
    try {
      const rest = Buffer.concat([stringField(3, 'id'), Buffer.alloc(40, 0x3a)]);
      const named = (name: string): Buffer =>
        frameGrpc(Buffer.concat([stringField(1, name), rest]));
      const none = frameGrpc(rest);
      const empty = frameGrpc(Buffer.concat([Buffer.of(0x0a, 0), rest]));
      const long = 'l'.repeat(300);
      // Each buffer is a chunk of its own. The first needs no name: until the unit has the headers, Envoy may still say how long the
      // first piece is, which this strict server minds.
      const first = named('m');
      const chunks = [
        none,
        Buffer.concat([none, named('other'), empty, frameGrpc(Buffer.alloc(0))]),
        ...[...named(long)].map((byte) => Buffer.of(byte)),
        ...[...none].map((byte) => Buffer.of(byte)),
        Buffer.concat([named('m'), none.subarray(0, 7)]),
        none.subarray(7),
      ];
      const wanted = Buffer.concat([
        first,
        named('m'),
        named('m'),
        named('other'),
        named('m'),
        frameGrpc(stringField(1, 'm')),
        named(long),
        named('m'),
        named('m'),
        named('m'),
      ]);
      call.write(first);
      await call.until(first.length);
      for (const chunk of chunks) {
        call.write(chunk);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await call.until(wanted.length);
      assert.equal(await call.end(), '0');
      assert.equal(model.asked[0]?.bytes.toString('hex'), wanted.toString('hex'));
      assert.deepEqual(running.filterPids(), []);
    } finally {
      call.destroy();
      await running.stop();
      await model.close();
    }
  });

  test('both ways, behind a graph whose first message is walked, each under the last model’s name', async () => {
    const first = await startGrpcUnit(({ message }) => ({ message }));
    const model = await startStreamUnit();
    const running = await runGraph(
      speaking(
        {
          name: 'a',
          type: 'TRANSFORMER',
          grpcPort: first.port,
          port: first.port,
          children: [{ name: 'm', type: 'MODEL', grpcPort: model.port, port: model.port }],
        },
        { 'sidegraph.io/max-body-bytes': '200000', 'sidegraph.io/deadline-ms': '1500' },
      ),
    );
    const call = openStream(running.grpcPort, STREAM_INFER);
    try {
      const tail = Buffer.concat([Buffer.from([0x3a, 0x80, 0xf1, 0x04]), Buffer.alloc(80_000, 7)]);
      const named = (name: string): Buffer =>
        frameGrpc(Buffer.concat([name === '' ? Buffer.alloc(0) : stringField(1, name), tail]));
      const wanted = named('m');
      call.write(named('a'));
      await call.until(wanted.length);
      // Two in one piece, one of them without a name, then one in pieces, after a while that is longer than a request may take.
      call.write(Buffer.concat([named(''), named('m')]));
      await call.until(3 * wanted.length);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      const last = named('a');
      call.write(last.subarray(0, 3));
      await new Promise((resolve) => setTimeout(resolve, 600));
      call.write(last.subarray(3));
      await call.until(4 * wanted.length);
      assert.equal(await call.end(), '0');
      assert.ok(
        model.asked[0]?.bytes.equals(Buffer.concat([wanted, wanted, wanted, wanted])),
        'each message under the name of the model',
      );
      assert.equal(first.asked.length, 1);
      assert.equal(readString(first.asked[0]?.message ?? tail, 1), 'a');
    } finally {
      call.destroy();
      await running.stop();
      await first.close();
      await model.close();
    }
  });

  test('of the last model of a graph come as it sends them', async () => {
    const first = await startGrpcUnit(({ message }) => ({ message }));
    const [x, y, z] = ['x', 'y', 'z'].map((name) => stringField(1, name)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const model = await startStreamUnit([x, y, z]);
    const running = await runGraph(
      speaking({
        name: 'a',
        type: 'MODEL',
        grpcPort: first.port,
        port: first.port,
        children: [{ name: 'm', type: 'MODEL', grpcPort: model.port, port: model.port }],
      }),
    );
    try {
      const message = stringField(1, 'a');
      const reply = await askGrpc(running.grpcPort, { path: STREAM_INFER, message });
      assert.equal(reply.status, 0, reply.statusMessage);
      // The client of one message takes the frame off the first one.
      assert.deepEqual(reply.message, Buffer.concat([x, frameGrpc(y), frameGrpc(z)]));
      assert.equal(first.asked[0]?.path, MODEL_INFER);
      const [asked] = model.asked;
      assert.equal(asked?.path, STREAM_INFER);
      assert.equal(readString(asked?.bytes.subarray(5) ?? Buffer.alloc(0), 1), 'm');
    } finally {
      await running.stop();
      await first.close();
      await model.close();
    }
  });
});
