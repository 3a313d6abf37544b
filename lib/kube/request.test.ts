import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { KubeClient } from './client.ts';
import { KubeError } from './error.ts';
import { registerKubeMetrics } from './metrics.ts';
import { Registry } from './registry.ts';
import {
  createCertificate,
  sendJson,
  startTestServer,
  type TestServer,
} from './testing/https-server.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'b' };
const BODY = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b', namespace: 'a' } };
const SECRET = { apiVersion: 'v1', kind: 'Secret', namespace: 'a', name: 's' };

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('two hundred calls one after another use one or two connections', async () => {
  server = await startTestServer((_request, response) => sendJson(response, 200, BODY));
  const config = server.config();
  const client = new KubeClient(config);
  for (let count = 0; count < 200; count += 1) await client.get(POD);
  // undici tells the end of a response just before its connection is free again.
  assert.ok(server.connections() <= 2, `${server.connections()} connections`);
  await config.close();
});

test('a rotated token goes out on the old connection; a new authority gets a new one', async () => {
  const tokens: (string | undefined)[] = [];
  server = await startTestServer((request, response) => {
    tokens.push(request.headers.authorization);
    sendJson(response, 200, BODY);
  });
  const config = server.config();
  const client = new KubeClient(config);
  for (let count = 0; count < 5; count += 1) await client.get(POD);
  const user = { name: 'test', token: 'another' };
  const cluster = config.clusters[0];
  assert.ok(cluster !== undefined);
  config.loadFromClusterAndUser(cluster, user);
  await client.get(POD);
  const before = server.connections();
  assert.ok(before <= 2, `${before} connections`);
  assert.deepEqual([tokens.at(-2), tokens.at(-1)], ['Bearer a-token', 'Bearer another']);

  const other = await createCertificate();
  server.server.setSecureContext({ key: other.private, cert: other.cert });
  const caData = Buffer.from(other.cert).toString('base64');
  config.loadFromClusterAndUser({ ...cluster, caData }, user);
  await client.get(POD);
  assert.equal(server.connections(), before + 1);
  await config.close();
});

test('a call that the server puts off is made again, and each try is counted', async () => {
  let calls = 0;
  server = await startTestServer((_request, response) => {
    calls += 1;
    if (calls < 3) sendJson(response, 429, {}, { 'retry-after': '0' });
    else sendJson(response, 200, BODY);
  });
  const metrics = registerKubeMetrics(new Registry());
  const client = new KubeClient(server.config(), { metrics: metrics.rest });
  assert.equal((await client.get(POD))?.metadata.name, 'b');
  const host = new URL(server.url).host;
  assert.equal(metrics.rest.requests.value('429', 'GET', host), 2);
  assert.equal(metrics.rest.requests.value('200', 'GET', host), 1);
  await client.config.close();
});

test('a read that meets a connection which is closed under its hands is made again; a create is not', async () => {
  let calls = 0;
  server = await startTestServer((request, response) => {
    calls += 1;
    if (calls === 1 || request.method === 'POST') request.socket.destroy();
    else sendJson(response, 200, BODY);
  });
  const client = new KubeClient(server.config());
  assert.equal((await client.get(POD))?.metadata.name, 'b');
  await assert.rejects(client.create(BODY, { manager: 'm' }), (error) => {
    assert.ok(error instanceof KubeError);
    assert.equal(error.status, 0);
    assert.equal(error.isTransient, true);
    return true;
  });
  assert.equal(calls, 3);
  await client.config.close();
});

test('a call that takes too long fails with Timeout; one that its caller gives up fails with the reason of that', async () => {
  server = await startTestServer(() => {});
  const client = new KubeClient(server.config());
  await assert.rejects(client.get(POD, { timeoutMs: 50 }), { status: 0, reason: 'Timeout' });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(client.get(POD, { signal }), (error) => error === signal.reason);
  await client.config.close();
});

test('an error tells what the server said, but nothing of it about a Secret and no page of a proxy', async () => {
  server = await startTestServer((request, response) => {
    if (request.url?.endsWith('/pods/b'))
      sendJson(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: `bad ${'x'.repeat(2_000)}`,
      });
    else if (request.url?.includes('/secrets/'))
      sendJson(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: 'bad: hunter2',
      });
    else response.writeHead(502).end('<html>hunter2</html>');
  });
  const client = new KubeClient(server.config());
  await assert.rejects(client.get(POD), (error) => {
    assert.ok(error instanceof KubeError);
    assert.match(
      error.message,
      /^GET \/api\/v1\/namespaces\/a\/pods\/b was answered 422 Invalid: bad x+…$/,
    );
    assert.ok(error.message.length < 700);
    return true;
  });
  await assert.rejects(client.get(SECRET), {
    message: 'GET /api/v1/namespaces/a/secrets/s was answered 422 Invalid',
  });
  await assert.rejects(client.get({ ...POD, name: 'c' }), {
    message: 'GET /api/v1/namespaces/a/pods/c was answered 502 HTTP 502',
  });
  await client.config.close();
});

test('a proxy that answers 404 is not taken for an object that is not there', async () => {
  server = await startTestServer((_request, response) =>
    response.writeHead(404).end('no such route'),
  );
  const client = new KubeClient(server.config());
  await assert.rejects(client.get(POD), { status: 404, reason: 'HTTP 404' });
  await client.config.close();
});
