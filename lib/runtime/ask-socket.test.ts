import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { askSocket, requestSocket } from './ask-socket.ts';
import { createServer } from './node-http.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-ask-'));
const socket = join(dir, 's');
const server = createServer((asked, response) => {
  if (asked.url === '/silent') return;
  if (asked.url === '/half') {
    response.writeHead(200, { 'content-length': 10 }).write('half');
    setTimeout(() => response.destroy(), 10);
    return;
  }
  response.writeHead(asked.url === '/no' ? 503 : 200).end(`${asked.method} ${asked.url}\n`);
});

before(() => new Promise<void>((resolve) => server.listen(socket, resolve)));
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(dir, { recursive: true });
});

test('a response has its status, type and body', async () => {
  assert.deepEqual(await requestSocket(socket, '/x', { method: 'POST' }), {
    status: 200,
    contentType: 'text/plain',
    body: 'POST /x\n',
  });
  assert.equal(await askSocket(socket, '/x'), 'GET /x\n');
});

test('another status than 200 is a failure that says it, with what was answered', async () => {
  await assert.rejects(askSocket(socket, '/no'), /answered 503 to \/no: GET \/no$/);
  assert.equal((await requestSocket(socket, '/no')).status, 503);
});

test('nobody, silence, half a response and an abort are failures', async () => {
  await assert.rejects(askSocket(join(dir, 'nobody'), '/'), /ENOENT/);
  await assert.rejects(askSocket(socket, '/silent', { timeoutMs: 20 }), /abort|timeout/i);
  await assert.rejects(askSocket(socket, '/half'), /aborted|ECONNRESET/);
  await assert.rejects(askSocket(socket, '/silent', { signal: AbortSignal.timeout(20) }), /abort/i);
});
