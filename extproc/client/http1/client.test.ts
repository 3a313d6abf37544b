// What the pool does with connections: how many, how long, which first, and what a call that is over leaves behind.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallResult } from '../../contract/calls.ts';
import { brief, callOnce, requestOf } from '../testing/calling.ts';
import { type RawScript, type RawServer, startRawServer } from '../testing/raw-server.ts';
import { Http1Client, type Http1Options } from './client.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

async function start(
  t: TestContext,
  script: RawScript,
  options: Partial<Http1Options> = {},
): Promise<{ server: RawServer; client: Http1Client }> {
  const server = await startRawServer(script);
  const { port } = server;
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const client = new Http1Client({ address, host: `127.0.0.1:${port}`, ...options });
  t.after(() => {
    client.close();
    return server.close();
  });
  return { server, client };
}

test('calls above the connections wait their turn, and those above the queue fail', async (t) => {
  const script: RawScript = () => [{ waitMs: 10 }, OK];
  const { server, client } = await start(t, script, { maxConnections: 2, maxWaitingCalls: 3 });
  const results = await Promise.all(Array.from({ length: 6 }, () => callOnce(client)));
  assert.deepEqual(
    results.slice(0, 5).map(brief),
    Array.from({ length: 5 }, () => '200 ok'),
  );
  assert.match(
    brief(results[5] as CallResult),
    /^UNIT_UNREACHABLE .*2 connections busy, 3 calls waiting$/,
  );
  assert.equal(server.connections(), 2);
});

test('waiting calls get a connection after one was lost', async (t) => {
  const { client } = await start(t, (r) => (r.connection === 0 ? ['RESET'] : [OK]), {
    maxConnections: 1,
  });
  const results = await Promise.all([
    callOnce(client, { replaceable: false }),
    callOnce(client),
    callOnce(client),
  ]);
  assert.deepEqual(
    results.map((result) => brief(result).split(' ')[0]),
    ['UNIT_RESET', '200', '200'],
  );
});

test('the connection used last is used first', async (t) => {
  const { server, client } = await start(t, () => [{ waitMs: 5 }, OK]);
  await Promise.all([callOnce(client), callOnce(client), callOnce(client)]);
  for (let i = 0; i < 4; i++) await callOnce(client);
  const later = server.requests.slice(3).map((request) => request.connection);
  assert.equal(new Set(later).size, 1);
});

test('idle connections are closed by us before the unit would', async (t) => {
  const { server, client } = await start(t, () => [OK]);
  await callOnce(client);
  await sleep(1000);
  assert.equal(server.open(), 1);
  await sleep(700);
  assert.equal(server.open(), 0);
});

test('cancel closes the connection of that call only, and is told nothing', async (t) => {
  const { server, client } = await start(t, (r) => [{ waitMs: r.connection === 0 ? 500 : 30 }, OK]);
  let told = 0;
  const handle = client.call(requestOf(), () => told++);
  const other = callOnce(client);
  await sleep(15);
  handle.cancel();
  handle.cancel();
  assert.equal(brief(await other), '200 ok');
  await sleep(10);
  assert.deepEqual([told, server.open()], [0, 1]);
});

test('a waiting call can be cancelled, and can time out', async (t) => {
  const { server, client } = await start(t, () => [{ waitMs: 60 }, OK], { maxConnections: 1 });
  const first = callOnce(client);
  let told = 0;
  client.call(requestOf(), () => told++).cancel();
  const late = await callOnce(client, { timeoutMs: 20 });
  assert.match(brief(late), /^UNIT_TIMEOUT /);
  assert.equal(brief(await first), '200 ok');
  await sleep(10);
  assert.deepEqual([told, server.requests.length], [0, 1]);
});

test('close ends idle connections now and busy ones after their response', async (t) => {
  const { server, client } = await start(t, () => [{ waitMs: 300 }, OK]);
  await Promise.all([callOnce(client), callOnce(client)]);
  const busy = callOnce(client);
  while (server.requests.length < 3) await sleep(5);
  client.close();
  while (server.open() === 2) await sleep(5);
  assert.equal(server.open(), 1);
  assert.equal(brief(await busy), '200 ok');
  while (server.open() > 0) await sleep(5);
});

test('bytes on an idle connection end it', async (t) => {
  const { server, client } = await start(t, (r) =>
    r.turn === 0 && r.connection === 0 ? [OK, { waitMs: 5 }, 'HTTP/1.1 408 Late\r\n\r\n'] : [OK],
  );
  await callOnce(client);
  await sleep(20);
  assert.equal(server.open(), 0);
  assert.equal(brief(await callOnce(client)), '200 ok');
});

test('what comes behind a long response is never the response to a call that follows at once', async (t) => {
  const body = Buffer.alloc(300_000, 'x');
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
  const { client, server } = await start(t, (r) =>
    r.connection === 0
      ? [
          head,
          body.subarray(0, 200_000),
          { waitMs: 5 },
          Buffer.concat([body.subarray(200_000), Buffer.from(`${OK}unasked`)]),
        ]
      : [OK],
  );
  const second = await new Promise<CallResult>((resolve) => {
    client.call(requestOf(), () => client.call(requestOf(), resolve));
  });
  assert.deepEqual([brief(second), server.connections(), server.requests.length], ['200 ok', 2, 2]);
});

test('a folded header line passes as one', async (t) => {
  const { client } = await start(t, () => [
    'HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\n\td\r\ncontent-length: 0\n\r\n',
  ]);
  const result = await callOnce(client);
  assert.equal(result.kind, 'response');
  if (result.kind === 'response') assert.deepEqual(result.head.entries(), ['x-a', 'b c\td']);
});

test('headers pass to the client but for those of the connection', async (t) => {
  const head =
    'HTTP/1.1 200 OK\r\nDate: d\r\nServer: s\r\nSet-Cookie: a=1\r\nConnection: x-hop\r\nX-Hop: 1\r\nSet-Cookie:  b=2 \r\nContent-Type: text/plain\r\nX-Sidegraph-Unit: u\r\nKeep-Alive: timeout=5\r\ncontent-length: 0\r\n\r\n';
  const { client } = await start(t, () => [head]);
  const result = await callOnce(client);
  assert.equal(result.kind, 'response');
  if (result.kind !== 'response') return;
  assert.deepEqual(result.head.entries(), [
    'set-cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'content-type',
    'text/plain',
  ]);
  assert.deepEqual(
    [result.head.find('content-type'), result.head.find('server'), result.head.find('x-none')],
    ['text/plain', 's', undefined],
  );
});
