import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { SILENT_LOG } from '../log.ts';
import { testDeployment, testPlan, type TestUnit } from '../testing/plans.ts';
import { serveAt } from '../testing/serve-at.ts';
import { openOffpathGrpc } from './grpc-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-offpath-'));
const closers: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true })];
after(async () => {
  for (const close of closers.reverse()) await close();
});

/** A unit that answers `Model/Metadata` with the bytes given, and notes the metadata that came with the call. */
async function startUnit(hex: string) {
  const seen: Record<string, unknown>[] = [];
  const raw = {
    Metadata: {
      path: '/seldon.protos.Model/Metadata',
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  } satisfies ServiceDefinition;
  const server = new Server();
  server.addService(raw, {
    Metadata: (
      call: { metadata: Metadata },
      answer: (error: null, bytes: Buffer) => void,
    ): void => {
      seen.push(call.metadata.getMap());
      answer(null, Buffer.from(hex, 'hex'));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closers.push(() => server.forceShutdown());
  return { port, seen };
}

let serial = 0;
async function serve(graph: TestUnit | null) {
  const path = join(dir, `s${serial++}`);
  const deployment = graph === null ? null : testDeployment(testPlan(graph));
  const live = {
    current: () => deployment,
    plan: () => deployment?.predictors[0]?.plan,
  };
  const server = await serveAt(path, openOffpathGrpc({ live, log: SILENT_LOG }));
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  closers.push(() => server.close());
  closers.push(() => client.close());
  /** Sends the bytes of a message and takes those of the answer. */
  const ask = (method: string, hex = '', metadata = new Metadata()) =>
    new Promise<string>((resolve, reject) => {
      client.makeUnaryRequest<Buffer, Buffer>(
        method,
        (bytes) => bytes,
        (bytes) => bytes,
        Buffer.from(hex, 'hex'),
        metadata,
        {},
        (error, bytes) => (error === null ? resolve(bytes?.toString('hex') ?? '') : reject(error)),
      );
    });
  return { ask, client, server };
}

const failsWith = (code: number, details: RegExp) => (error: unknown) => {
  assert.equal((error as ServiceError).code, code);
  assert.match((error as ServiceError).details, details);
  return true;
};

test('graph metadata has the bytes that a Seldon executor answers', async () => {
  const unit = await startUnit('0a016d1a04706c6174');
  const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  assert.equal(
    await ask('/seldon.protos.Seldon/GraphMetadata'),
    '0a0170120e0a016d12090a016d1a04706c6174',
  );
});

test("model metadata is the unit's own; the client's metadata reaches it, ours does not", async () => {
  const unit = await startUnit('0a016d1a04706c617422090a0522036172724a00');
  const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  const metadata = new Metadata();
  metadata.set('authorization', 'mine');
  metadata.set('x-sidegraph-plan', '0123456789abcdef');
  const answer = await ask('/seldon.protos.Seldon/ModelMetadata', '0a016d', metadata);
  assert.match(answer, /^0a016d1a04706c6174/);
  assert.equal(unit.seen[0]?.authorization, 'mine');
  assert.equal(unit.seen[0]?.['x-sidegraph-plan'], undefined);
});

test('a unit that the graph does not have is an error that names it', async () => {
  const { ask } = await serve({ name: 'm', type: 'MODEL' });
  await assert.rejects(
    ask('/seldon.protos.Seldon/ModelMetadata', '0a046e6f7065'),
    failsWith(2, /Failed to find model nope/),
  );
});

test('an unknown method is UNIMPLEMENTED, and so is what only the filter answers', async () => {
  const { ask } = await serve({ name: 'm', type: 'MODEL' });
  await assert.rejects(ask('/seldon.protos.Seldon/Nope'), failsWith(12, /Nope/));
  await assert.rejects(ask('/seldon.protos.Seldon/Predict'), failsWith(12, /Predict/));
  await assert.rejects(ask('/other.Service/Nope'), failsWith(12, /Nope/));
});

test('health is SERVING when the units accept connections', async () => {
  const unit = await startUnit('');
  const up = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  assert.equal(await up.ask('/grpc.health.v1.Health/Check'), '0801');
  assert.equal(
    await up.ask('/grpc.health.v1.Health/Check', '0a1473656c646f6e2e70726f746f732e53656c646f6e'),
    '0801',
  );
  await assert.rejects(
    up.ask('/grpc.health.v1.Health/Check', '0a0178'),
    failsWith(5, /unknown service x/),
  );
  const down = await serve(null);
  assert.equal(await down.ask('/grpc.health.v1.Health/Check'), '0802');
});

test('a health watch is told the state at once and ends when the server closes', async () => {
  const unit = await startUnit('');
  const { client, server } = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  const watch = client.makeServerStreamRequest<Buffer, Buffer>(
    '/grpc.health.v1.Health/Watch',
    (bytes) => bytes,
    (bytes) => bytes,
    Buffer.alloc(0),
  );
  const states: string[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    watch.on('end', () => resolve());
    watch.on('error', reject);
  });
  await new Promise<void>((resolve) => {
    watch.on('data', (bytes: Buffer) => {
      states.push(bytes.toString('hex'));
      resolve();
    });
  });
  await server.close();
  await ended;
  assert.deepEqual(states, ['0801']);
});

for (const version of ['v1', 'v1alpha']) {
  test(`reflection ${version} lists the services`, async () => {
    const { client } = await serve({ name: 'm', type: 'MODEL' });
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (bytes) => bytes,
      (bytes) => bytes,
    );
    const answer = new Promise<Buffer>((resolve, reject) => {
      stream.on('data', resolve);
      stream.on('error', reject);
    });
    stream.write(Buffer.from('3a012a', 'hex')); // list_services = "*"
    const text = (await answer).toString('latin1');
    stream.end();
    assert.match(text, /seldon\.protos\.Seldon/);
    assert.match(text, /grpc\.health\.v1\.Health/);
  });
}
