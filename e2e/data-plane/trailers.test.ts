// Clients of HTTP/2 that send trailers after their body. The REST unit is a bare socket that keeps every byte, since a body
// that arrives twice under one content-length is a second request to any real server.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { askGrpc, PREDICT } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

interface RawUnit {
  readonly port: number;
  /** What came on each connection. */
  readonly received: Buffer[];
  close(): Promise<unknown>;
}

const TRAILERS = { 'x-checksum': '7' };
const RESPONSE = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
/** A unit that thinks it has a whole request after this silence. */
const SILENCE_MS = 60;

/** Answers once on each connection, when nothing more comes, and closes it. */
async function startRawUnit(): Promise<RawUnit> {
  const received: Buffer[] = [];
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let timer: NodeJS.Timeout | undefined;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      clearTimeout(timer);
      timer = setTimeout(() => {
        received.push(bytes);
        socket.end(RESPONSE);
      }, SILENCE_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function askWithTrailers(port: number, body: Buffer | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', reject);
    const head = { ':method': 'POST', ':path': PREDICT };
    const stream = session.request(head, { waitForTrailers: true });
    let status = -1;
    const pieces: Buffer[] = [];
    stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS));
    stream.on('response', (response) => (status = Number(response[':status'])));
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve({ status, body: Buffer.concat(pieces) });
    });
    stream.end(body);
  });
}

function bodyOf(received: Buffer): { length: string; body: Buffer } {
  const end = received.indexOf('\r\n\r\n');
  const head = received.toString('latin1', 0, end);
  return {
    length: /^content-length: (.*)$/m.exec(head)?.[1]?.trim() ?? '',
    body: received.subarray(end + 4),
  };
}

describe('trailers over REST', () => {
  let unit: RawUnit;
  let router: RestUnit;
  let one: Running;
  let two: Running;

  before(async () => {
    unit = await startRawUnit();
    router = await startRestUnit(() => ({ body: '{"data":{"ndarray":[[0]]}}' }));
    const graph: Node = {
      name: 'r',
      type: 'ROUTER',
      port: router.port,
      children: [{ name: 'm', type: 'MODEL', port: unit.port }],
    };
    one = await runGraph(deployment(graph));
    two = await runGraph(
      deployment([
        { name: 'a', graph, traffic: 50 },
        { name: 'b', graph, traffic: 50 },
      ]),
    );
  });
  after(async () => {
    await one.stop();
    await two.stop();
    await unit.close();
    await router.close();
  });

  const bodies: readonly (readonly [string, Buffer | undefined])[] = [
    ['a short body', Buffer.from('hello-body')],
    ['a body of many chunks', Buffer.alloc(200_000, 'x')],
    [
      'a body that looks like a request',
      Buffer.from('POST /smuggled HTTP/1.1\r\nhost: m\r\ncontent-length: 0\r\n\r\n'),
    ],
    ['no body', undefined],
  ];
  for (const [name, body] of bodies) {
    test(`${name}: the unit gets it once, with its length, also behind two predictors`, async () => {
      for (const { port } of [one, two, two]) {
        unit.received.length = 0;
        const reply = await askWithTrailers(port, body);
        assert.equal(reply.status, 200, reply.body.toString());
        assert.equal(unit.received.length, 1);
        const { length, body: seen } = bodyOf(unit.received[0] ?? Buffer.alloc(0));
        const wanted = body ?? Buffer.alloc(0);
        assert.ok(seen.equals(wanted), `${seen.length} bytes: ${seen.toString('latin1', 0, 80)}`);
        assert.equal(length, String(wanted.length));
      }
    });
  }
});

describe('trailers over gRPC', () => {
  let unit: GrpcUnit;
  let running: Running;

  before(async () => {
    unit = await startGrpcUnit(({ message }) => ({ message }));
    const { port } = unit;
    running = await runGraph(
      deployment({
        name: 't',
        type: 'TRANSFORMER',
        grpcPort: port,
        children: [{ name: 'm', type: 'MODEL', grpcPort: port }],
      }),
    );
  });
  after(async () => {
    await running.stop();
    await unit.close();
  });

  for (const bytes of [2, 200_000]) {
    test(`a message of ${bytes} bytes: the unit gets it once`, async () => {
      unit.asked.length = 0;
      // SeldonMessage.strData
      const message = bytesField(4, Buffer.alloc(bytes, 'x'));
      const reply = await askGrpc(running.grpcPort, { message, trailers: TRAILERS });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.ok(reply.message.equals(message));
      const seen = unit.asked.filter(({ path }) => path.endsWith('Predict'));
      assert.equal(seen.length, 1);
      assert.ok(seen[0]?.message.equals(message), `${seen[0]?.message.length} bytes`);
    });
  }

  test('a response of the filter itself arrives', async () => {
    const own = await runGraph(deployment({ name: 's', implementation: 'SIMPLE_MODEL' }));
    try {
      const reply = await askGrpc(own.grpcPort, { trailers: TRAILERS });
      assert.equal(reply.status, 0, reply.statusMessage);
      assert.ok(reply.message.length > 0);
    } finally {
      await own.stop();
    }
  });
});
