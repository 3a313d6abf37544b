// Responses that stream, through a real Envoy: where it forwards alone, and as the last call of a walk. Nothing is held back, a stream may
// last longer than a request may, and a client that goes away is felt by the model.
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { readString } from '../../lib/codecs/protobuf/oneof.ts';
import { stringField } from '../../lib/codecs/protobuf/writer.ts';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { runGraph } from '../harness/run.ts';
import { freePort } from '../harness/ports.ts';
import { frameGrpc, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

const EVENTS = 6;
const PAUSE_MS = 100;
const STREAM_INFER = '/inference.GRPCInferenceService/ModelStreamInfer';

function speaking(graph: Node, annotations: Readonly<Record<string, string>> = {}): object {
  const made = deployment(graph, annotations) as { spec: object };
  return { ...made, spec: { ...made.spec, protocol: 'v2' } };
}

/** Sends an event now and then; the time when its client was gone. */
function startStreaming(): Promise<RestUnit & { goneAt(): number }> {
  let goneAt = 0;
  return startRestUnit((asked, response) => {
    if (!asked.path.includes('stream')) return { body: '{"outputs":[]}' };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(`data: ${sent++}\n\n`);
      if (sent === EVENTS) {
        clearInterval(timer);
        response.end();
      }
    }, PAUSE_MS);
    response.on('close', () => {
      clearInterval(timer);
      goneAt = performance.now();
    });
    return undefined;
  }).then((unit) => ({ ...unit, goneAt: () => goneAt }));
}

interface Arrivals {
  readonly status: number;
  readonly text: string;
  readonly times: readonly number[];
}

function stream(port: number, path: string, body: string): Promise<Arrivals> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method: 'POST', agent: false },
      (response) => {
        const times: number[] = [];
        let text = '';
        response.on('data', (piece: Buffer) => {
          times.push(performance.now());
          text += piece.toString();
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? -1, text, times }));
      },
    );
    request.setHeader('content-type', 'application/json');
    request.on('error', reject);
    request.end(body);
  });
}

function assertStreamed({ status, times, text }: Arrivals): void {
  assert.equal(status, 200, text);
  assert.equal(text, Array.from({ length: EVENTS }, (_, at) => `data: ${at}\n\n`).join(''));
  assert.equal(times.length, EVENTS);
  const spread = (times.at(-1) ?? 0) - (times[0] ?? 0);
  assert.ok(spread > PAUSE_MS * (EVENTS - 2), `events came within ${spread} ms`);
}

/** How long after its client has gone a model feels it. */
async function feltAfterMs(
  port: number,
  path: string,
  model: { goneAt(): number },
): Promise<number> {
  const before = model.goneAt();
  const leftAt = await new Promise<number>((resolve) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method: 'POST', agent: false },
      (response) =>
        response.once('data', () => {
          request.destroy();
          resolve(performance.now());
        }),
    );
    request.on('error', () => {});
    request.end('{}');
  });
  const until = performance.now() + 5000;
  while (model.goneAt() === before && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return model.goneAt() - leftAt;
}

describe('server-sent events', () => {
  let model: Awaited<ReturnType<typeof startStreaming>>;
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
        assertStreamed(await stream(running.port, path, '{"text_input":"a"}'));
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
      assertStreamed(await stream(running.port, '/v2/models/m/generate_stream', text));
      const last = model.asked.at(-1);
      assert.equal(last?.path, '/v2/models/m/generate_stream');
      assert.equal(last?.body.toString(), text);
      assert.equal(transformer.asked.at(-1)?.path, '/v2/models/t/infer');
      assertStreamed(await stream(running.port, '/v2/models/x/infer_stream', '{"inputs":[]}'));
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
    const port = await freePort();
    const server = http2.createServer();
    const received: Buffer[] = [];
    server.on('stream', (call) => {
      call.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
      call.on('wantTrailers', () => call.sendTrailers({ 'grpc-status': '0' }));
      call.on('data', (piece: Buffer) => {
        received.push(piece);
        call.write(piece);
      });
      call.on('end', () => call.end());
      call.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const running = await runGraph(
      speaking(
        { name: 'm', type: 'MODEL', grpcPort: port, port },
        { 'sidegraph.io/max-body-bytes': '1000' },
      ),
    );
    const session = http2.connect(`http://127.0.0.1:${running.grpcPort}`);
    try {
      const call = session.request({
        ':method': 'POST',
        ':path': STREAM_INFER,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let echoed = 0;
      const wait = (bytes: number): Promise<void> =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`${echoed} of ${bytes}`)), 3000);
          const look = (): void => {
            if (echoed < bytes) return;
            clearTimeout(timer);
            call.off('data', look);
            resolve();
          };
          call.on('data', look);
        });
      call.on('data', (piece: Buffer) => {
        echoed += piece.length;
      });
      const message = frameGrpc(Buffer.concat([stringField(1, 'm'), Buffer.alloc(400, 0x3a)]));
      // More than one request may hold, since it is a stream.
      for (let turn = 1; turn <= 5; turn++) {
        const back = wait(turn * message.length);
        call.write(message);
        await back;
      }
      call.end();
      assert.equal(Buffer.concat(received).length, 5 * message.length);
    } finally {
      session.destroy();
      await running.stop();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('both ways, behind a graph whose first message is walked, each under the last model’s name', async () => {
    const first = await startGrpcUnit(({ message }) => ({ message }));
    const port = await freePort();
    const server = http2.createServer();
    const received: Buffer[] = [];
    server.on('stream', (call) => {
      call.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
      call.on('wantTrailers', () => call.sendTrailers({ 'grpc-status': '0' }));
      call.on('data', (piece: Buffer) => {
        received.push(piece);
        call.write(piece);
      });
      call.on('end', () => call.end());
      call.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const running = await runGraph(
      speaking(
        {
          name: 'a',
          type: 'TRANSFORMER',
          grpcPort: first.port,
          port: first.port,
          children: [{ name: 'm', type: 'MODEL', grpcPort: port, port }],
        },
        { 'sidegraph.io/max-body-bytes': '200000', 'sidegraph.io/deadline-ms': '1500' },
      ),
    );
    const session = http2.connect(`http://127.0.0.1:${running.grpcPort}`);
    try {
      const call = session.request({
        ':method': 'POST',
        ':path': STREAM_INFER,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let echoed = 0;
      let grpcStatus = '';
      call.on('data', (piece: Buffer) => {
        echoed += piece.length;
      });
      call.on('trailers', (trailers) => {
        grpcStatus = String(trailers['grpc-status']);
      });
      const until = async (bytes: number): Promise<void> => {
        const end = performance.now() + 3000;
        while (echoed < bytes && performance.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        assert.equal(echoed, bytes);
      };
      const tail = Buffer.concat([Buffer.from([0x3a, 0x80, 0xf1, 0x04]), Buffer.alloc(80_000, 7)]);
      const named = (name: string): Buffer =>
        frameGrpc(Buffer.concat([name === '' ? Buffer.alloc(0) : stringField(1, name), tail]));
      const wanted = named('m');
      call.write(named('a'));
      await until(wanted.length);
      // Two in one piece, one of them without a name, then one in pieces, after a while that is longer than a request may take.
      call.write(Buffer.concat([named(''), named('m')]));
      await until(3 * wanted.length);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      const last = named('a');
      call.write(last.subarray(0, 3));
      await new Promise((resolve) => setTimeout(resolve, 600));
      call.write(last.subarray(3));
      await until(4 * wanted.length);
      const closed = new Promise((resolve) => call.on('close', resolve));
      call.end();
      await closed;
      assert.equal(grpcStatus, '0');
      assert.ok(
        Buffer.concat(received).equals(Buffer.concat([wanted, wanted, wanted, wanted])),
        'each message under the name of the model',
      );
      assert.equal(first.asked.length, 1);
      assert.equal(readString(first.asked[0]?.message ?? tail, 1), 'a');
    } finally {
      session.destroy();
      await running.stop();
      await first.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('of the last model of a graph come as it sends them', async () => {
    const first = await startGrpcUnit(({ message }) => ({ message }));
    const port = await freePort();
    const server = http2.createServer();
    const asked: { path: string; message: Buffer }[] = [];
    server.on('stream', (call, headers) => {
      const pieces: Buffer[] = [];
      call.on('data', (piece: Buffer) => pieces.push(piece));
      call.on('error', () => {});
      call.on('end', () => {
        asked.push({
          path: String(headers[':path']),
          message: Buffer.concat(pieces).subarray(5),
        });
        call.respond(
          { ':status': 200, 'content-type': 'application/grpc' },
          { waitForTrailers: true },
        );
        call.on('wantTrailers', () => call.sendTrailers({ 'grpc-status': '0' }));
        for (const name of ['x', 'y', 'z']) call.write(frameGrpc(stringField(1, name)));
        call.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const running = await runGraph(
      speaking({
        name: 'a',
        type: 'MODEL',
        grpcPort: first.port,
        port: first.port,
        children: [{ name: 'm', type: 'MODEL', grpcPort: port, port }],
      }),
    );
    try {
      const reply = await askGrpc(running.grpcPort, {
        path: STREAM_INFER,
        message: stringField(1, 'a'),
      });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.equal(
        frameGrpc(reply.message).subarray(5).toString('latin1'),
        Buffer.concat([
          stringField(1, 'x'),
          frameGrpc(stringField(1, 'y')),
          frameGrpc(stringField(1, 'z')),
        ]).toString('latin1'),
      );
      assert.equal(first.asked[0]?.path, '/inference.GRPCInferenceService/ModelInfer');
      assert.equal(asked[0]?.path, STREAM_INFER);
      assert.equal(readString(asked[0]?.message ?? Buffer.alloc(0), 1), 'm');
    } finally {
      await running.stop();
      await first.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
