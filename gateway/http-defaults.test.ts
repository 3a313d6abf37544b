// Clients at the gateway that Go's net/http would serve, and what is refused with a code.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { grpc } from '../envoy/testing/clients.ts';
import { startTestGateway, type TestGateway, until } from './testing/gateway.ts';

const PATH = '/seldon/demo/m/api/v1.0/predictions';
/** Nothing listens there. */
const DEAD = { http: 1, grpc: 1 };
let gateway: TestGateway;

before(async () => {
  gateway = await startTestGateway({
    model: (request, response) => {
      request.resume();
      request.on('end', () => {
        if (request.headers['x-mode'] === 'reset') request.socket.resetAndDestroy();
        else response.end('{}');
      });
    },
  });
  gateway.deploy({ namespace: 'demo', name: 'm', predictors: [{ name: 'p' }] });
  await until(async () => (await gateway.predict('demo', 'm')).status === 200, 'served');
});
after(() => gateway?.close());

test('HTTP/1.0 without a host is served', async () => {
  assert.match(
    await say(`POST ${PATH} HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}`),
    /^HTTP\/1\.[01] 200 /,
  );
});

test('an Upgrade that nobody speaks is skipped', async () => {
  for (const protocol of ['TLS/1.2', 'websocket', 'foo/2'])
    assert.match(await post(`connection: Upgrade\r\nupgrade: ${protocol}\r\n`), / 200 /, protocol);
});

test('many and large headers are taken, and beyond the bounds refused with a code', async () => {
  const headers = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => `x-${at}: ${'v'.repeat(length)}\r\n`).join('');
  assert.match(await post(headers(120, 10)), / 200 /);
  assert.match(await post(headers(1, 100_000)), / 200 /);
  for (const refused of [headers(1100, 1), headers(1, 300_000)]) {
    const response = await post(refused);
    assert.match(response, /^HTTP\/1\.1 431 /);
    assert.match(response, /sidegraph-error: HEADERS_TOO_LARGE/);
    assert.match(response, /"status":"FAILURE"/);
  }
});

test('what is no HTTP is 400 with a code, as JSON', async () => {
  for (const head of [
    `POST ${PATH}?q=\xc3\xa9 HTTP/1.1\r\nhost: a`,
    `POST ${PATH} HTTP/1.1\r\nx-no: host`,
    `POST ${PATH} HTTP/1.1\r\nhost: a b`,
    `POST ${PATH}#part HTTP/1.1\r\nhost: a`,
    `POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 2`,
  ]) {
    const response = await say(`${head}\r\ncontent-length: 2\r\n\r\n{}`);
    assert.match(response, /^HTTP\/1\.1 400 /, head);
    assert.match(response, /sidegraph-error: BAD_HTTP/, head);
    assert.match(response, /"code":400,.*"status":"FAILURE"/, head);
  }
});

test('a pod that does not take a request, or ends it, is 503 with a code and a time to wait', async () => {
  gateway.deploy({ namespace: 'demo', name: 'dead', predictors: [{ name: 'p' }] }, DEAD);
  await until(async () => (await gateway.predict('demo', 'dead')).status === 503, 'known');
  for (const [name, headers, info] of [
    ['dead', {}, 'no pod took the request'],
    ['m', { 'x-mode': 'reset' }, 'the pod ended the request before it responded'],
  ] as const) {
    const got = await gateway.predict('demo', name, headers);
    assert.deepEqual(
      [got.status, got.headers['sidegraph-error'], got.headers['retry-after']],
      [503, 'POD_UNAVAILABLE', '1'],
    );
    const { status } = JSON.parse(got.text) as { status: { info: string } };
    assert.equal(status.info, `deployment demo/${name}: ${info}`);
  }
  const asked = { seldon: 'dead', namespace: 'demo' };
  const called = await grpc(gateway.options.httpPort, '/seldon.protos.Seldon/Predict', asked);
  assert.deepEqual(
    [called.status, called.headers['sidegraph-error'], called.message],
    [14, 'POD_UNAVAILABLE', 'deployment demo/dead: no pod took the request'],
  );
});

function post(headers: string): Promise<string> {
  return say(`POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n${headers}\r\n{}`);
}

/** Until a response with its body is there. */
function say(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.options.httpPort, '127.0.0.1', () => socket.write(text));
    let response = '';
    socket.on('data', (chunk: Buffer) => {
      response += chunk.toString('latin1');
      if (/\r\n\r\n./s.test(response)) socket.destroy();
    });
    socket.on('close', () => resolve(response));
    socket.on('error', (error) => (response === '' ? reject(error) : resolve(response)));
  });
}
