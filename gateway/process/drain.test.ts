// An admin interface that plays a gateway with clients; the real Envoy's is in the control-plane ring.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { drainEnvoy } from './drain.ts';

interface Counts {
  readonly active: number;
  readonly total: number;
}

/** `counts` is asked at each poll with the number of polls before it. */
async function serveAdmin(t: TestContext, counts: (poll: number) => Counts) {
  const dir = mkdtempSync(join(tmpdir(), 'drain-'));
  const seen: string[] = [];
  let polls = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path !== '/stats') {
      seen.push(`${request.method} ${path}`);
      response.end('OK');
      return;
    }
    const { active, total } = counts(polls++);
    response.end(
      `http.http.downstream_rq_active: ${active}\nhttp.http.downstream_rq_total: ${total}\n`,
    );
  });
  const adminSocket = join(dir, 'admin.sock');
  server.listen(adminSocket);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { adminSocket, seen, polls: () => polls };
}

test('a lull between requests is not the end; silence is', async (t) => {
  const admin = await serveAdmin(t, (poll) => ({ active: 0, total: Math.min(poll, 5) }));
  const beganAt = performance.now();
  const options = { adminSocket: admin.adminSocket, leaveMs: 0, finishMs: 30_000, quietMs: 450 };
  await drainEnvoy(options);
  assert.deepEqual(admin.seen, ['POST /healthcheck/fail']);
  assert.ok(admin.polls() > 7, `${admin.polls()} polls`);
  assert.ok(performance.now() - beganAt < 10_000);
});

test('requests that never end are waited for as long as it may take, and no longer', async (t) => {
  const admin = await serveAdmin(t, () => ({ active: 3, total: 3 }));
  const beganAt = performance.now();
  await drainEnvoy({ adminSocket: admin.adminSocket, leaveMs: 0, finishMs: 700, quietMs: 100 });
  const tookMs = performance.now() - beganAt;
  assert.ok(tookMs >= 700 && tookMs < 5000, `${tookMs}`);
});
