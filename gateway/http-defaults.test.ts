// Clients at the gateway that Go's net/http would serve, and what is refused with a code.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { startTestGateway, type TestGateway, until } from './testing/gateway.ts';

const PATH = '/seldon/demo/m/api/v1.0/predictions';
let gateway: TestGateway;

before(async () => {
  gateway = await startTestGateway({
    model: (request, response) => {
      request.resume();
      request.on('end', () => response.end('{}'));
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

test('an Upgrade that nobody speaks is passed over', async () => {
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
