// The last hop is Envoy's: server-sent events and gRPC trailers come through as the model sends them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { askGrpc, PREDICT } from '../harness/client.ts';
import { deployment, model } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import { assertOneByOne, receive, startEventUnit } from '../harness/streams.ts';
import { startGrpcUnit, startRestUnit } from '../harness/unit.ts';

describe('streaming', () => {
  test('server-sent events pass a router one by one', async () => {
    const router = await startRestUnit(() => ({ body: '{"data":{"ndarray":[0]}}' }));
    const events = ['data: 0\n\n', 'data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n', 'data: 4\n\n'];
    const stream = await startEventUnit(events, 100);
    const running = await runGraph(
      deployment({
        name: 'r',
        type: 'ROUTER',
        port: router.port,
        children: [model('m', stream.port)],
      }),
    );
    try {
      assertOneByOne(await receive(running.port, PREDICT, '{}'), events, 100);
    } finally {
      await running.stop();
      await router.close();
      await stream.close();
    }
  });

  test("a gRPC model's headers and trailers reach the client through a walked graph", async () => {
    const transformer = await startGrpcUnit((asked) => ({ message: asked.message }));
    const unit = await startGrpcUnit((asked) => ({
      message: asked.message,
      headers: { 'x-model': 'm' },
      trailers: { 'x-cost': '7' },
    }));
    const running = await runGraph(
      deployment({
        name: 't',
        type: 'TRANSFORMER',
        grpcPort: transformer.port,
        children: [{ name: 'm', type: 'MODEL', grpcPort: unit.port }],
      }),
    );
    try {
      const message = Buffer.from('2a0568656c6c6f', 'hex');
      const reply = await askGrpc(running.grpcPort, { message, headers: { 'x-custom': 'v' } });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.deepEqual(reply.message, message);
      assert.equal(reply.headers['x-model'], 'm');
      assert.equal(reply.trailers['x-cost'], '7');
      for (const asked of [transformer.asked[0], unit.asked[0]]) {
        assert.equal(asked?.headers['x-custom'], 'v');
        assert.equal(asked?.headers['seldon-puid'], reply.headers['seldon-puid']);
      }
    } finally {
      await running.stop();
      await transformer.close();
      await unit.close();
    }
  });

  test('both ports speak both protocols', async () => {
    const unit = await startGrpcUnit((asked) => ({ message: asked.message }));
    const running = await runGraph(deployment({ name: 'm', type: 'MODEL', grpcPort: unit.port }));
    try {
      const message = Buffer.from('2a0141', 'hex');
      for (const port of [running.port, running.grpcPort]) {
        assert.deepEqual((await askGrpc(port, { message })).message, message);
      }
    } finally {
      await running.stop();
      await unit.close();
    }
  });

  test('3 MiB over gRPC through a graph that the filter answers itself', async () => {
    const unit = await startGrpcUnit((asked) => ({ message: asked.message }));
    const leaf = (name: string) => ({ name, type: 'MODEL', grpcPort: unit.port });
    const running = await runGraph(
      deployment({
        name: 'all',
        implementation: 'AVERAGE_COMBINER',
        children: [leaf('a'), leaf('b')],
      }),
    );
    try {
      const message = tensorMessage(400_000);
      const reply = await askGrpc(running.grpcPort, { message });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.equal(reply.message.length, message.length);
      assert.ok(reply.message.equals(message));
    } finally {
      await running.stop();
      await unit.close();
    }
  });
});

/** A SeldonMessage with a [1, count] tensor, as protobuf. */
function tensorMessage(count: number): Buffer {
  const values = Buffer.alloc(count * 8);
  for (let i = 0; i < count; i++) values.writeDoubleLE(i, i * 8);
  const shape = bytesField(1, varint(1), varint(count));
  return bytesField(3, bytesField(2, shape, bytesField(2, values)));
}
