// The last hop is Envoy's: server-sent events and gRPC trailers come through as the model sends them.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { bytesField, varint } from '../../lib/codecs/protobuf/writer.ts';
import { askGrpc, PREDICT } from '../harness/client.ts';
import { deployment, model } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import { startGrpcUnit, startRestUnit } from '../harness/unit.ts';

describe('streaming', () => {
  test('server-sent events pass a router one by one', async () => {
    const router = await startRestUnit(() => ({ body: '{"data":{"ndarray":[0]}}' }));
    const stream = await startRestUnit((_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(`data: ${sent++}\n\n`);
        if (sent === 5) {
          clearInterval(timer);
          response.end();
        }
      }, 100);
      return undefined;
    });
    const running = await runGraph(
      deployment({
        name: 'r',
        type: 'ROUTER',
        port: router.port,
        children: [model('m', stream.port)],
      }),
    );
    try {
      const arrivals = await new Promise<number[]>((resolve, reject) => {
        const times: number[] = [];
        const request = http.request(
          { host: '127.0.0.1', port: running.port, path: PREDICT, method: 'POST', agent: false },
          (response) => {
            assert.equal(response.headers['content-type'], 'text/event-stream');
            response.on('data', () => times.push(performance.now()));
            response.on('end', () => resolve(times));
          },
        );
        request.on('error', reject);
        request.end('{}');
      });
      assert.equal(arrivals.length, 5);
      const spread = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
      assert.ok(spread > 250, `events came within ${spread} ms`);
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
