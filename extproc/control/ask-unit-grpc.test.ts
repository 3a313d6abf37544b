// A unit is understood off the path over gRPC as it is on the path of predictions, and fails with the same codes.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Metadata, Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import { testPlan } from '../testing/plans.ts';
import { askUnitGrpc } from './ask-unit-grpc.ts';
import { heldInfo } from './limits.ts';

const PATH = '/seldon.protos.Model/Metadata';

const same = (bytes: Buffer): Buffer => bytes;
const METHOD = {
  path: PATH,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
} as const;

type Handler = (asked: Metadata, answer: sendUnaryData<Buffer>) => void;

async function startUnit(t: TestContext, handler: Handler): Promise<number> {
  const server = new Server();
  server.addService(
    { Metadata: METHOD },
    {
      Metadata: (call: { metadata: Metadata }, answer: sendUnaryData<Buffer>) =>
        handler(call.metadata, answer),
    },
  );
  t.after(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

async function ask(port: number, metadata = new Metadata()) {
  const plan = testPlan({ name: 'm', type: 'MODEL', grpcPort: port });
  const result = await askUnitGrpc(
    plan,
    0,
    PATH,
    Buffer.from('q'),
    metadata,
    new AbortController().signal,
  );
  assert.equal(heldInfo.bytes, 0);
  return result;
}

test('metadata goes to the unit, and its message comes back', async (t) => {
  let seen: Metadata | undefined;
  const port = await startUnit(t, (asked, answer) => {
    seen = asked;
    answer(null, Buffer.from('answer'));
  });
  const metadata = new Metadata();
  metadata.add('x-a', '1');
  metadata.add('x-a', '2');
  metadata.add('y-bin', Buffer.from([0, 255]));
  assert.deepEqual(await ask(port, metadata), { bytes: Buffer.from('answer') });
  assert.deepEqual(seen?.get('x-a'), ['1, 2']);
  assert.deepEqual(seen?.get('y-bin'), [Buffer.from([0, 255])]);
});

test("a unit's error comes with its details", async (t) => {
  const details = Buffer.from([8, 3, 18, 3, 98, 97, 100]);
  const port = await startUnit(t, (_asked, answer) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', details);
    metadata.set('x-why', 'a');
    metadata.set('sidegraph-error', 'FAKE');
    answer({ code: 3, details: 'bad', metadata });
  });
  const result = await ask(port);
  assert.ok('refusal' in result);
  const { code, details: words, metadata } = result.refusal;
  assert.deepEqual([code, words], [3, 'bad']);
  assert.deepEqual(metadata.get('grpc-status-details-bin'), [details]);
  assert.deepEqual([metadata.get('x-why'), metadata.get('sidegraph-error')], [['a'], []]);
});

test('a unit that cannot be reached, or that ends the connection, has its code', async (t) => {
  const closing = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
  t.after(() => closing.close());
  for (const [port, code, words] of [
    [1, 'UNIT_UNREACHABLE', /^UNIT_UNREACHABLE: unit "m": .*127\.0\.0\.1:1.*: connection refused$/],
    [(closing.address() as AddressInfo).port, 'UNIT_RESET', /^UNIT_RESET: unit "m": /],
  ] as const) {
    const result = await ask(port);
    assert.ok('refusal' in result);
    assert.equal(result.refusal.code, 14);
    assert.match(result.refusal.details, words);
    assert.deepEqual(result.refusal.metadata.get('sidegraph-error'), [code]);
  }
});
