// A stand-in answers on the unix socket where Envoy's admin endpoint would be; a real Envoy is in cli/commands/run.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepLogsSmall } from './log-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-logs-'));
const adminSocket = join(dir, 'admin.sock');
const asked: string[] = [];
const admin = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end('OK\n');
}).listen(adminSocket);
await once(admin, 'listening');
after(() => {
  admin.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a log that outgrows its size makes room, the one before is kept, and Envoy is asked to open it anew', async () => {
  const accessLog = join(dir, 'access.log');
  const envoyLog = join(dir, 'envoy.log');
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (text: string) => warnings.push(text) };
  appendFileSync(accessLog, 'x'.repeat(900));
  appendFileSync(envoyLog, 'y'.repeat(900));
  const keeper = keepLogsSmall({
    accessLog,
    envoyLog,
    adminSocket,
    log,
    maxBytes: 1000,
    lookMs: 10,
  });
  await sleep(100);
  assert.ok(!existsSync(`${accessLog}.1`) && !existsSync(`${envoyLog}.1`));
  for (const round of ['1', '2']) {
    appendFileSync(accessLog, round.repeat(1100));
    appendFileSync(envoyLog, round.repeat(1100));
    while (statSync(accessLog).size > 0 || statSync(envoyLog).size > 0) await sleep(10);
    while (asked.length < Number(round)) await sleep(10);
  }
  keeper.close();
  assert.deepEqual(asked, ['POST /reopen_logs', 'POST /reopen_logs']);
  assert.equal(readFileSync(`${accessLog}.1`, 'utf8'), '2'.repeat(1100));
  assert.equal(readFileSync(`${envoyLog}.1`, 'utf8'), '2'.repeat(1100));
  assert.equal(statSync(accessLog).mode & 0o777, 0o600);
  assert.deepEqual(warnings, []);
});
