import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Type } from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import type { DialectName } from '../../graph/plan/plan.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { FieldReader } from '../../lib/codecs/protobuf/reader.ts';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import { testDeployment, testPlan, type TestUnit } from '../testing/plans.ts';
import { serveAt } from '../testing/serve-at.ts';
import { openControlGrpc } from './grpc-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-control-'));
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

/** A unit that does by itself what gRPC's library would not. */
async function startHttp2(
  answer: (stream: ServerHttp2Stream) => void,
  begun: (session: ServerHttp2Session) => void = () => {},
): Promise<number> {
  const server = createServer();
  server.on('session', (session) => {
    begun(session);
    closers.push(() => session.destroy());
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

let serial = 0;
async function serve(graph: TestUnit | undefined, dialect: DialectName = 'seldon') {
  const path = join(dir, `s${serial++}`);
  const deployment =
    graph === undefined ? undefined : testDeployment({ ...testPlan(graph), dialect });
  const live = {
    current: () => deployment,
    plan: () => deployment?.predictors[0]?.plan,
  };
  const server = await serveAt(path, openControlGrpc({ live, log: SILENT_LOG }));
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  closers.push(() => server.close());
  closers.push(() => client.close());
  /** Sends the bytes of a message and takes those of the response. */
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

test('a client that goes away leaves no connection to a unit that is silent', async () => {
  const sessions = new Set<ServerHttp2Session>();
  let asked = 0;
  const port = await startHttp2(
    () => asked++,
    (session) => {
      sessions.add(session);
      session.on('close', () => sessions.delete(session));
    },
  );
  const { client } = await serve({ name: 'm', type: 'MODEL', grpcPort: port });
  for (const path of [
    '/seldon.protos.Seldon/GraphMetadata',
    '/seldon.protos.Seldon/ModelMetadata',
  ]) {
    const before = asked;
    const same = (bytes: Buffer): Buffer => bytes;
    const failed = Promise.withResolvers<number | undefined>();
    const call = client.makeUnaryRequest(path, same, same, Buffer.from('0a016d', 'hex'), (error) =>
      failed.resolve(error?.code),
    );
    for (let tries = 0; asked === before && tries < 200; tries++) await sleep(10);
    assert.equal(sessions.size, 1, path);
    call.cancel();
    assert.equal(await failed.promise, 1);
    for (let tries = 0; sessions.size > 0 && tries < 200; tries++) await sleep(10);
    assert.equal(sessions.size, 0, path);
  }
});

test('an error of a unit comes, whatever headers and trailers it says beside it', async () => {
  const port = await startHttp2((stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', etag: 'a', 'x-why': 'a' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': 'no', etag: 'b', 'x-why': 'b' }),
    );
    stream.end();
  });
  const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort: port });
  await assert.rejects(
    Promise.race([
      ask('/seldon.protos.Seldon/ModelMetadata', '0a016d'),
      sleep(5000).then(() => 'no response'),
    ]),
    (error: ServiceError) => {
      assert.equal(error.code, 5);
      assert.equal(error.details, 'no');
      assert.deepEqual(error.metadata.get('x-why').join(), 'a, b');
      return true;
    },
  );
});

test('graph metadata of a unit that answers no message of the protocol is an error that names it', async () => {
  const unit = await startUnit('ffff');
  const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  await assert.rejects(
    ask('/seldon.protos.Seldon/GraphMetadata'),
    failsWith(13, /^ANSWER_MALFORMED: metadata of m: /),
  );
});

test("model metadata is the unit's own; the client's metadata reaches it, ours does not", async () => {
  const unit = await startUnit('0a016d1a04706c617422090a0522036172724a00');
  const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort: unit.port });
  const metadata = new Metadata();
  metadata.set('authorization', 'mine');
  metadata.set('x-sidegraph-plan', '0123456789abcdef');
  const response = await ask('/seldon.protos.Seldon/ModelMetadata', '0a016d', metadata);
  assert.match(response, /^0a016d1a04706c6174/);
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

test('a model that nobody has is NOT_FOUND where the protocol names models', async () => {
  const { ask } = await serve(
    { name: 'a', type: 'MODEL', children: [{ name: 'b', type: 'MODEL' }] },
    'v2',
  );
  await assert.rejects(
    ask('/inference.GRPCInferenceService/ModelReady', '0a046e6f7065'),
    failsWith(5, /Failed to find model nope/),
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
  const down = await serve(undefined);
  assert.equal(await down.ask('/grpc.health.v1.Health/Check'), '0802');
});

test('whoever asks for health without end makes units be dialled once at a time', async () => {
  let dialled = 0;
  const unit = createTcpServer((socket) => {
    dialled += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => unit.listen(0, '127.0.0.1', resolve));
  closers.push(() => void unit.close());
  const grpcPort = (unit.address() as AddressInfo).port;
  for (const [dialect, path, ready] of [
    ['seldon', '/grpc.health.v1.Health/Check', '0801'],
    ['v2', '/inference.GRPCInferenceService/ServerReady', '0801'],
  ] as const) {
    const { ask } = await serve({ name: 'm', type: 'MODEL', grpcPort }, dialect);
    dialled = 0;
    const responses = await Promise.all(Array.from({ length: 60 }, () => ask(path)));
    assert.deepEqual(new Set(responses), new Set([ready]));
    // A dial is over before the unit has accepted it. Those that have been read by then share it.
    await sleep(200);
    assert.ok(dialled > 0 && dialled < 30, `${dialled} dials for 60 requests of ${path}`);
  }
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

type Served = Awaited<ReturnType<typeof serve>>['client'];

/** One question on a stream of the reflection service, and the response to it. */
function reflect(client: Served, version: string, request: Buffer): Promise<Buffer> {
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (bytes) => bytes,
    (bytes) => bytes,
  );
  return new Promise((resolve, reject) => {
    stream.on('data', (response: Buffer) => {
      stream.end();
      resolve(response);
    });
    stream.on('error', reject);
    stream.write(request);
  });
}

/** Fields of ServerReflectionRequest and, in the response, of ServerReflectionResponse and FileDescriptorResponse. */
const BY_FILENAME = 3;
const BY_SYMBOL = 4;
const FILES = 4;
const FILE = 1;

async function filesOf(
  client: Served,
  version: string,
  by: number,
  name: string,
): Promise<FileDescriptor[]> {
  const response = await reflect(client, version, bytesField(by, Buffer.from(name)));
  const files: FileDescriptor[] = [];
  const reader = new FieldReader(response);
  while (reader.next()) {
    if (reader.field !== FILES) continue;
    const inner = reader.inner();
    while (inner.next()) {
      if (inner.field === FILE) {
        files.push(decodeFile(inner.payload()));
      }
    }
  }
  assert.ok(files.length > 0, `${name}: ${response.toString('latin1')}`);
  return files;
}

function decodeFile(bytes: Buffer): FileDescriptor {
  const codec = (descriptor as unknown as { FileDescriptorProto: Type }).FileDescriptorProto;
  return codec.decode(bytes) as unknown as FileDescriptor;
}

interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly dependency: readonly string[];
  readonly messageType: readonly MessageDescriptor[];
  readonly enumType: readonly { readonly name: string }[];
  readonly service: readonly {
    readonly method: readonly { readonly inputType: string; readonly outputType: string }[];
  }[];
}

interface MessageDescriptor {
  readonly name: string;
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly { readonly name: string }[];
  readonly field: readonly { readonly typeName: string; readonly jsonName: string }[];
}

/** All types that a file declares, and all that it names, with their package. */
function typesOf(file: FileDescriptor): { declared: string[]; named: string[] } {
  const declared: string[] = [];
  const named = file.service.flatMap(({ method }) =>
    method.flatMap((each) => [each.inputType, each.outputType]),
  );
  const visit = (message: MessageDescriptor, scope: string): void => {
    const own = `${scope}.${message.name}`;
    declared.push(own, ...message.enumType.map(({ name }) => `${own}.${name}`));
    named.push(...message.field.map(({ typeName }) => typeName).filter((name) => name !== ''));
    for (const nested of message.nestedType) visit(nested, own);
  };
  declared.push(...file.enumType.map(({ name }) => `.${file.package}.${name}`));
  for (const message of file.messageType) visit(message, `.${file.package}`);
  return { declared, named };
}

/** The files of the symbols and all that they import, by name. */
async function filesFrom(
  client: Served,
  version: string,
  symbols: readonly string[],
): Promise<Map<string, FileDescriptor>> {
  const files = new Map<string, FileDescriptor>();
  const wanted: string[] = [];
  for (const symbol of symbols) {
    const [first] = await filesOf(client, version, BY_SYMBOL, symbol);
    if (first !== undefined) wanted.push(first.name);
  }
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (files.has(name)) continue;
    const file = (await filesOf(client, version, BY_FILENAME, name)).find(
      (each) => each.name === name,
    );
    assert.ok(file, name);
    files.set(name, file);
    wanted.push(...file.dependency);
  }
  return files;
}

/** Each type that a file names is declared in it or in what it imports. */
function assertWhole(files: ReadonlyMap<string, FileDescriptor>): void {
  for (const file of files.values()) {
    const visible = new Set(
      [file, ...file.dependency.map((name) => files.get(name) as FileDescriptor)].flatMap(
        (each) => typesOf(each).declared,
      ),
    );
    for (const name of typesOf(file).named) assert.ok(visible.has(name), `${file.name}: ${name}`);
  }
}

test('reflection of the other protocols gives files in which each type is found', async () => {
  const v2 = await serve({ name: 'm', type: 'MODEL' }, 'v2');
  const v2Files = await filesFrom(v2.client, 'v1', ['inference.GRPCInferenceService']);
  assert.deepEqual([...v2Files.keys()], ['inference.proto']);
  assertWhole(v2Files);
  const answer = v2Files
    .get('inference.proto')
    ?.messageType.find(({ name }) => name === 'ModelInferResponse');
  assert.deepEqual(
    answer?.field.map(({ jsonName }) => jsonName),
    ['modelName', 'modelVersion', 'id', 'parameters', 'outputs', 'rawOutputContents'],
  );
  const tensorflow = await serve({ name: 'm', type: 'MODEL' }, 'tensorflow');
  const files = await filesFrom(tensorflow.client, 'v1', [
    'tensorflow.serving.PredictionService.Predict',
    'tensorflow.serving.ModelService',
  ]);
  assert.deepEqual([...files.keys()].sort(), [
    'google/protobuf/any.proto',
    'google/protobuf/wrappers.proto',
    'tensor.proto',
    'tensorflow_serving.proto',
  ]);
  assertWhole(files);
});

test('a built-in of a graph answers for itself in every protocol', async () => {
  const v2 = await serve({ name: 'm', type: 'MODEL', builtIn: 'SIMPLE_MODEL' }, 'v2');
  assert.equal(await v2.ask('/inference.GRPCInferenceService/ModelReady', '0a016d'), '0801');
  assert.equal(
    await v2.ask('/inference.GRPCInferenceService/ModelMetadata', '0a016d'),
    `0a016d1a09${Buffer.from('sidegraph').toString('hex')}`,
  );
  const tensorflow = await serve(
    { name: 'm', type: 'MODEL', builtIn: 'SIMPLE_MODEL' },
    'tensorflow',
  );
  assert.equal(
    await tensorflow.ask('/tensorflow.serving.ModelService/GetModelStatus', '0a030a016d'),
    '0a02101e',
  );
});

for (const version of ['v1', 'v1alpha']) {
  test(`reflection ${version} lists the services`, async () => {
    const { client } = await serve({ name: 'm', type: 'MODEL' });
    const response = await reflect(client, version, Buffer.from('3a012a', 'hex')); // list_services = "*"
    const text = response.toString('latin1');
    assert.match(text, /seldon\.protos\.Seldon/);
    assert.match(text, /grpc\.health\.v1\.Health/);
  });

  test(`reflection ${version} gives files in which each type is found by the imports alone`, async () => {
    const { client } = await serve({ name: 'm', type: 'MODEL' });
    const files = await filesFrom(client, version, [
      'seldon.protos.Seldon',
      'seldon.protos.Seldon.Predict',
      'grpc.health.v1.Health',
    ]);
    assert.deepEqual([...files.keys()].sort(), [
      'google/protobuf/any.proto',
      'google/protobuf/empty.proto',
      'google/protobuf/struct.proto',
      'grpc/health/v1/health.proto',
      'prediction.proto',
      'tensor.proto',
    ]);
    assertWhole(files);
    // As tools that are strict about maps want their entries to be called.
    assert.ok(
      typesOf(files.get('prediction.proto') as FileDescriptor).declared.includes(
        '.seldon.protos.Meta.TagsEntry',
      ),
    );
    const [value] = await filesOf(client, version, BY_SYMBOL, 'google.protobuf.Value');
    assert.equal(value?.name, 'google/protobuf/struct.proto');
  });
}
