import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PLAN_HEADER } from '../../graph/plan/names.ts';
import type { DeploymentPlan, DialectName } from '../../graph/plan/plan.ts';
import type { LiveDeployment } from '../contract/live-deployment.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { testDeployment, testPlan, type TestUnit } from '../testing/plans.ts';
import { serveAt } from '../testing/serve-at.ts';
import { startRawServer } from '../client/testing/raw-server.ts';
import { openControlHttp } from './http-server.ts';
import { heldInfo, MAX_HELD_INFO_BYTES, MAX_UNIT_INFO_BYTES } from './limits.ts';
import { startProbeServer } from './probe-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-control-'));
const closers: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true })];
after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Stub {
  readonly port: number;
  readonly calls: { path: string; headers: IncomingHttpHeaders }[];
}

/** A unit that answers each path with a JSON value, or with a status, type and text. */
type Packing = (headers: IncomingHttpHeaders) => { encoding?: string; body: Buffer };

async function startUnit(
  responses: Readonly<Record<string, unknown>>,
  raw?: { status: number; type: string; text: string } | Packing,
): Promise<Stub> {
  const calls: Stub['calls'] = [];
  const server = createServer((incoming, outgoing) => {
    calls.push({ path: `${incoming.method} ${incoming.url}`, headers: incoming.headers });
    if (typeof raw === 'function') {
      const { encoding, body } = raw(incoming.headers);
      outgoing
        .writeHead(200, encoding === undefined ? {} : { 'content-encoding': encoding })
        .end(body);
      return;
    }
    if (raw !== undefined) {
      outgoing.writeHead(raw.status, { 'content-type': raw.type }).end(raw.text);
      return;
    }
    const response = responses[incoming.url ?? ''];
    outgoing
      .writeHead(response === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(response ?? null));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, calls };
}

/** A port that nothing listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let serial = 0;
/** Asks the one or the other as Envoy's routes do. */
async function serve(
  deployment: DeploymentPlan | undefined,
  fault?: string,
  metrics: () => Promise<string> = () => Promise.resolve('metric 1\n'),
) {
  const [path, probes] = [join(dir, `s${serial++}`), join(dir, `s${serial++}`)];
  const live: LiveDeployment = {
    current: () => deployment,
    plan: (hash) =>
      hash === undefined
        ? deployment?.predictors[0]?.plan
        : deployment?.predictors.find(({ plan }) => plan.hash === hash)?.plan,
  };
  const servers = [
    await serveAt(path, openControlHttp({ live, log: SILENT_LOG })),
    await startProbeServer({
      path: probes,
      live,
      fault: () => fault,
      metrics,
      log: SILENT_LOG,
    }),
  ];
  for (const server of servers) closers.push(() => server.close());
  return (
    target: string,
    method = 'GET',
    headers: IncomingHttpHeaders = {},
    signal?: AbortSignal,
  ) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        const socketPath = /^\/(ready|metrics|prometheus)$/.test(target) ? probes : path;
        request({ socketPath, path: target, method, headers, agent: false, signal }, (incoming) => {
          let body = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }),
          );
        })
          .on('error', reject)
          .end();
      },
    );
}

const serveGraph = (graph: TestUnit, dialect: DialectName = 'seldon') =>
  serve(testDeployment({ ...testPlan(graph), dialect }));

test('ready is 200 and empty when every unit accepts connections, over either of its ports', async () => {
  const unit = await startUnit({});
  const ask = await serveGraph({
    name: 'm',
    type: 'MODEL',
    httpPort: await deadPort(),
    grpcPort: unit.port,
  });
  for (const path of ['/ready', '/api/v1.0/status', '/api/v1.0/health/status']) {
    const response = await ask(path);
    assert.equal(response.status, 200, path);
    assert.equal(response.body, '');
    assert.equal(response.headers['content-type'], undefined);
    assert.equal(response.headers['x-content-type-options'], 'nosniff');
  }
  assert.deepEqual(unit.calls, []);
});

test('whoever asks for readiness or metrics without end makes units be dialled, and the page be made, once at a time', async () => {
  let dialled = 0;
  const unit = createTcpServer((socket) => {
    dialled += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => unit.listen(0, '127.0.0.1', resolve));
  closers.push(() => void unit.close());
  let made = 0;
  let open = Promise.withResolvers<string>();
  const plan = testPlan({
    name: 'm',
    type: 'MODEL',
    httpPort: (unit.address() as AddressInfo).port,
  });
  const ask = await serve(testDeployment(plan), undefined, () => {
    made += 1;
    return open.promise;
  });
  const crowd = Array.from({ length: 60 }, () => ask('/metrics'));
  const bystander = await ask('/ready');
  assert.equal(bystander.status, 200);
  while (made === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  // All of the crowd have been read by the time that a later request is answered.
  await Promise.all(Array.from({ length: 60 }, () => ask('/ready')));
  assert.equal(made, 1);
  open.resolve('page 1\n');
  for (const { status, body } of await Promise.all(crowd))
    assert.deepEqual([status, body], [200, 'page 1\n']);
  open = Promise.withResolvers<string>();
  open.resolve('page 2\n');
  assert.equal((await ask('/metrics')).body, 'page 2\n');
  assert.equal(made, 2);
  assert.ok(dialled > 0 && dialled < 61, `${dialled} dials for 61 requests`);
});

test('ready names the units that do not answer', async () => {
  const unit = await startUnit({});
  const child = { name: 'lost', type: 'MODEL', httpPort: await deadPort() } as const;
  const ask = await serveGraph({
    name: 't',
    type: 'TRANSFORMER',
    httpPort: unit.port,
    children: [child],
  });
  const response = await ask('/ready');
  assert.equal(response.status, 503);
  assert.deepEqual(JSON.parse(response.body), {
    status: { code: 503, info: 'units that do not answer: lost', status: 'FAILURE' },
  });
});

test('ready says why requests would fail though the units answer', async () => {
  const unit = await startUnit({});
  const graph = testPlan({ name: 'm', type: 'MODEL', httpPort: unit.port });
  const ask = await serve(testDeployment(graph), 'the filter is being started');
  const response = await ask('/ready');
  assert.equal(response.status, 503);
  assert.match(response.body, /"the filter is being started"/);
});

test('before a plan is loaded everything but metrics is 503', async () => {
  const ask = await serve(undefined);
  assert.equal((await ask('/api/v1.0/status')).headers['sidegraph-error'], 'PLAN_UNKNOWN');
  assert.equal((await ask('/prometheus')).body, 'metric 1\n');
  const response = await ask('/ready');
  assert.equal(response.status, 503);
  assert.equal(response.headers['sidegraph-error'], 'PLAN_UNKNOWN');
});

test("a unit's status is passed on with its status, type and body, and the client's headers reach it", async () => {
  const unit = await startUnit({}, { status: 418, type: 'text/x-tea', text: 'short and stout' });
  const ask = await serveGraph({ name: 'm', type: 'MODEL', httpPort: unit.port });
  const headers = { authorization: 'mine', 'x-sidegraph-unit': 'm/predict/rest', te: 'trailers' };
  for (const version of ['v0.1', 'v1.0']) {
    const response = await ask(`/api/${version}/status/m`, 'GET', headers);
    assert.equal(response.status, 418);
    assert.equal(response.headers['content-type'], 'text/x-tea');
    assert.equal(response.body, 'short and stout');
    assert.equal(response.headers['access-control-allow-methods'], 'GET,OPTIONS');
  }
  assert.equal(unit.calls[0]?.path, 'GET /health/status');
  assert.equal(unit.calls[0]?.headers.authorization, 'mine');
  assert.equal(unit.calls[0]?.headers['x-sidegraph-unit'], undefined);
  assert.equal(unit.calls[0]?.headers.te, undefined);
});

test("a unit's response is bounded, and so are those of all units together; nothing stays held", async () => {
  const long = { '/metadata': { name: 'x'.repeat(MAX_UNIT_INFO_BYTES) } };
  const large = { '/metadata': { name: 'x'.repeat(MAX_UNIT_INFO_BYTES - 100) } };
  const unit = await startUnit(long);
  const one = await serveGraph({ name: 'm', type: 'MODEL', httpPort: unit.port });
  const response = await one('/api/v1.0/metadata/m');
  assert.equal(response.status, 502);
  assert.equal(response.headers['sidegraph-error'], 'ANSWER_TOO_LARGE');
  const { port: httpPort } = await startUnit(large);
  const count = MAX_HELD_INFO_BYTES / MAX_UNIT_INFO_BYTES;
  const children = Array.from({ length: count }, (_, index) => ({
    name: `m${index}`,
    type: 'MODEL' as const,
    httpPort,
  }));
  const all = await serveGraph({ name: 'c', type: 'COMBINER', httpPort, children });
  const refused = await all('/api/v1.0/metadata');
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['sidegraph-error'], 'OVERLOADED');
  assert.equal(heldInfo.bytes, 0);
  assert.equal((await all('/api/v1.0/metadata/m0')).status, 200);
  assert.equal(heldInfo.bytes, 0);
});

test('an unknown unit is a failure in words that Seldon uses', async () => {
  const ask = await serveGraph({ name: 'm', type: 'MODEL', httpPort: await deadPort() });
  const response = await ask('/api/v1.0/metadata/nope');
  assert.equal(response.status, 500);
  assert.equal(response.headers['content-type'], 'application/json');
  assert.equal(response.headers['sidegraph-error'], 'UNIT_UNKNOWN');
  assert.deepEqual(JSON.parse(response.body), {
    status: { code: 500, info: 'Failed to find model nope', status: 'FAILURE' },
  });
});

test('a model that nobody has is not found where the protocol names models', async () => {
  const graph: TestUnit = { name: 'a', type: 'MODEL', children: [{ name: 'b', type: 'MODEL' }] };
  for (const [dialect, path] of [
    ['v2', '/v2/models/nope'],
    ['v2', '/v2/models/nope/ready'],
    ['tensorflow', '/v1/models/nope'],
    ['tensorflow', '/v1/models/nope/metadata'],
  ] as const) {
    const answer = await (await serveGraph(graph, dialect))(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers['sidegraph-error'], 'MODEL_UNKNOWN');
    assert.equal((JSON.parse(answer.body) as { error: string }).error, 'Failed to find model nope');
  }
});

test('a unit that cannot be reached is a failure with a code', async () => {
  const ask = await serveGraph({ name: 'm', type: 'MODEL', httpPort: await deadPort() });
  for (const path of ['/api/v1.0/metadata/m', '/api/v1.0/metadata']) {
    const response = await ask(path);
    assert.equal(response.status, 500);
    assert.equal(response.headers['sidegraph-error'], 'UNIT_UNREACHABLE');
    assert.match(response.body, /GET http:\/\/127\.0\.0\.1:\d+\/metadata: connection refused/);
  }
});

test('a client that goes away leaves no connection to a unit that is silent', async () => {
  const unit = await startRawServer(() => []);
  closers.push(() => unit.close());
  const graph: TestUnit = { name: 'm', type: 'MODEL', httpPort: unit.port };
  for (const [dialect, path] of [
    ['seldon', '/api/v1.0/metadata'],
    ['seldon', '/api/v1.0/metadata/m'],
    ['seldon', '/api/v1.0/status/m'],
    ['openai', '/v1/models'],
  ] as const) {
    const ask = await serveGraph(graph, dialect);
    const before = unit.connections();
    const left = new AbortController();
    const asked = ask(path, 'GET', {}, left.signal);
    for (let tries = 0; unit.requests.length === before && tries < 200; tries++) await sleep(10);
    assert.equal(unit.open(), 1, path);
    left.abort();
    await assert.rejects(asked);
    for (let tries = 0; unit.open() > 0 && tries < 200; tries++) await sleep(10);
    assert.equal(unit.open(), 0, path);
  }
});

test('built-ins answer for themselves', async () => {
  const ask = await serveGraph({ name: 'b', type: 'MODEL', builtIn: 'SIMPLE_MODEL' });
  assert.equal((await ask('/api/v1.0/metadata/b')).body, '{"name":"b","platform":"sidegraph"}');
  assert.equal((await ask('/api/v1.0/status/b')).status, 200);
  assert.equal((await ask('/ready')).status, 200);
});

const port = (name: string, shape: readonly number[]) => ({ name, datatype: 'BYTES', shape });
const model = (name: string, inputs: unknown, outputs: unknown) => ({
  name,
  platform: 'platform-name',
  versions: ['model-version'],
  inputs,
  outputs,
  custom: { author: 'seldon-dev' },
});

test('graph metadata of a combiner: inputs of its first child, outputs of its own; text as Seldon writes it', async () => {
  const combiner = await startUnit({
    '/metadata': model('c', [port('x', [1, 10])], [port('combined', [3])]),
  });
  const child = await startUnit({
    '/metadata': model('ab', [port('input', [1, 5])], [port('output', [1, 10])]),
  });
  const ask = await serveGraph({
    name: 'c',
    type: 'COMBINER',
    httpPort: combiner.port,
    children: [
      { name: 'b', type: 'MODEL', httpPort: child.port },
      { name: 'a', type: 'MODEL', httpPort: child.port },
    ],
  });
  const response = await ask('/api/v1.0/metadata');
  assert.equal(response.status, 200);
  const ab = `{"name":"ab","platform":"platform-name","versions":["model-version"],"inputs":[{"datatype":"BYTES","name":"input","shape":[1,5]}],"outputs":[{"datatype":"BYTES","name":"output","shape":[1,10]}],"custom":{"author":"seldon-dev"}}`;
  assert.equal(
    response.body,
    `{"name":"p","models":{"a":${ab},"b":${ab},"c":{"name":"c","platform":"platform-name","versions":["model-version"],"inputs":[{"datatype":"BYTES","name":"x","shape":[1,10]}],"outputs":[{"datatype":"BYTES","name":"combined","shape":[3]}],"custom":{"author":"seldon-dev"}}},"graphinputs":[{"datatype":"BYTES","name":"input","shape":[1,5]}],"graphoutputs":[{"datatype":"BYTES","name":"combined","shape":[3]}]}`,
  );
});

test('graph metadata is read whatever the client can unpack, and whatever a unit packs for everybody', async () => {
  const packing: Stub[] = [];
  for (const name of ['a', 'b']) {
    packing.push(
      await startUnit({}, (asked) => {
        const text = JSON.stringify({ name });
        return name === 'b' || asked['accept-encoding'] !== undefined
          ? { encoding: 'gzip', body: gzipSync(text) }
          : { body: Buffer.from(text) };
      }),
    );
  }
  const ask = await serveGraph({
    name: 'a',
    type: 'TRANSFORMER',
    httpPort: packing[0]?.port ?? 0,
    children: [{ name: 'b', type: 'MODEL', httpPort: packing[1]?.port ?? 0 }],
  });
  const response = await ask('/api/v1.0/metadata', 'GET', { 'accept-encoding': 'gzip, br' });
  assert.equal(response.status, 200, response.body);
  assert.deepEqual(JSON.parse(response.body).models, { a: { name: 'a' }, b: { name: 'b' } });
  assert.equal(packing[0]?.calls[0]?.headers['accept-encoding'], undefined);
});

test('graph metadata takes other kinds of ports as they are, and does not fail on built-ins', async () => {
  const unit = await startUnit({
    '/metadata': { name: 'm', inputs: { datatype: 'array' }, outputs: { datatype: 'strData' } },
  });
  const ask = await serveGraph({
    name: 'ab',
    type: 'ROUTER',
    builtIn: 'RANDOM_ABTEST',
    children: [
      { name: 'm', type: 'MODEL', httpPort: unit.port },
      { name: 's', type: 'MODEL', builtIn: 'SIMPLE_MODEL' },
    ],
  });
  assert.deepEqual(JSON.parse((await ask('/api/v1.0/metadata')).body), {
    name: 'p',
    models: {
      ab: { name: 'ab', platform: 'sidegraph' },
      m: { name: 'm', inputs: { datatype: 'array' }, outputs: { datatype: 'strData' } },
      s: { name: 's', platform: 'sidegraph' },
    },
    graphinputs: { datatype: 'array' },
    graphoutputs: { datatype: 'strData' },
  });
});

test('the plan header says which predictor is asked', async () => {
  const first = await startUnit({ '/metadata': { name: 'one' } });
  const second = await startUnit({ '/metadata': { name: 'two' } });
  const ask = await serve(
    testDeployment(
      testPlan({ name: 'm', type: 'MODEL', httpPort: first.port }, 'aaaaaaaaaaaaaaaa'),
      testPlan({ name: 'm', type: 'MODEL', httpPort: second.port }, 'bbbbbbbbbbbbbbbb'),
    ),
  );
  const asked = async (headers: IncomingHttpHeaders) =>
    (await ask('/api/v1.0/metadata/m', 'GET', headers)).body;
  assert.equal(await asked({}), '{"name":"one"}');
  assert.equal(await asked({ [PLAN_HEADER]: 'bbbbbbbbbbbbbbbb' }), '{"name":"two"}');
  assert.match(await asked({ [PLAN_HEADER]: 'cccccccccccccccc' }), /not loaded/);
});

test('a preflight is 200 with the CORS headers of the plan', async () => {
  const cors = { allowOrigin: 'http://a.example', allowHeaders: 'Accept' };
  const plan = testPlan({ name: 'm', type: 'MODEL' });
  const ask = await serve(testDeployment({ ...plan, policy: { ...plan.policy, cors } }));
  const response = await ask('/api/v1.0/predictions', 'OPTIONS');
  assert.equal(response.status, 200);
  assert.equal(response.body, '');
  assert.equal(response.headers['access-control-allow-methods'], 'OPTIONS,POST');
  assert.equal(response.headers['access-control-allow-origin'], 'http://a.example');
  assert.equal(response.headers['access-control-allow-headers'], 'Accept');
});

test('checks may ask in any way: /ready and /metrics take every method', async () => {
  const ask = await serveGraph({ name: 'm', type: 'MODEL' });
  for (const path of ['/ready', '/metrics', '/prometheus']) {
    const [got, posted, head] = [
      await ask(path),
      await ask(path, 'POST'),
      await ask(path, 'HEAD'),
    ] as const;
    assert.deepEqual([posted.status, head.status, head.body], [got.status, got.status, ''], path);
  }
});

test('other methods are 405, other paths 404', async () => {
  const ask = await serveGraph({ name: 'm', type: 'MODEL' });
  assert.equal((await ask('/api/v1.0/predictions')).status, 405);
  assert.equal((await ask('/api/v1.0/status/m', 'POST')).status, 405);
  assert.equal((await ask('/api/v1.0/nothing')).status, 404);
  assert.equal((await ask('/api/v1.0/status/a/b')).status, 404);
});

test('a path of another protocol is answered with the one that the graph speaks', async () => {
  const unit: TestUnit = { name: 'm', type: 'MODEL' };
  const { body } = await (await serveGraph(unit, 'v2'))('/api/v1.0/status');
  const { error } = JSON.parse(body) as { error: string };
  assert.match(error, /^no such path: this graph speaks v2, as in POST \/v2\/models\/infer, /);
  const other = await (await serveGraph(unit))('/v2/models/m');
  assert.match(other.body, /this graph speaks seldon, as in POST \/api\/v1.0\/predictions/);
});

test('the documentation without its slash leads to it, below any prefix', async () => {
  for (const [dialect, path, location] of [
    ['seldon', '/api/v1.0/doc', 'doc/'],
    ['v2', '/v2/docs', 'docs/'],
  ] as const) {
    const ask = await serveGraph({ name: 'm', type: 'MODEL' }, dialect);
    const answer = await ask(path);
    assert.deepEqual([answer.status, answer.headers.location], [301, location]);
    assert.equal((await ask(`${path}/`)).status, 200);
  }
});

test('the documentation names the deployment and needs nothing from elsewhere', async () => {
  const ask = await serveGraph({ name: 'm', type: 'MODEL' });
  const page = await ask('/api/v1.0/doc/');
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.doesNotMatch(page.body, /https?:\/\//);
  const api = JSON.parse((await ask('/api/v0.1/doc/seldon.json')).body) as {
    openapi: string;
    servers: { url: string }[];
    paths: Record<string, unknown>;
  };
  assert.match(api.openapi, /^3\./);
  assert.equal(api.servers[0]?.url, '/seldon/default/test-deployment');
  assert.ok('/api/v1.0/predictions' in api.paths);
});
