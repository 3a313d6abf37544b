// A stand-in answers on the unix socket where Envoy's admin endpoint would be.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { countInFlight, readInFlight } from './admin.ts';
import { startAdminProxy } from './admin-proxy.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-admin-'));
const socketPath = join(dir, 'admin.sock');
const asked: string[] = [];
const STATS =
  'http.admin.downstream_rq_active: 1\nhttp.ingress.downstream_rq_active: 2\nhttp.egress.downstream_rq_active: 3\ncluster.p_m_rest.upstream_rq_active: 4\n';
const admin = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end(request.url?.startsWith('/stats?') === true ? STATS : 'LIVE\n');
}).listen(socketPath);
await once(admin, 'listening');
after(() => {
  admin.close();
  rmSync(dir, { recursive: true, force: true });
});

test('what reads passes, what changes Envoy does not', async () => {
  const proxy = await startAdminProxy(socketPath, '127.0.0.1', 0, () => false);
  const address = proxy.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const ready = await fetch(`${url}/ready`);
  assert.equal(await ready.text(), 'LIVE\n');
  assert.equal((await fetch(`${url}/stats/prometheus?usedonly`)).status, 200);
  assert.equal((await fetch(`${url}/quitquitquit`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${url}/quitquitquit`)).status, 404);
  assert.deepEqual(asked, ['GET /ready', 'GET /stats/prometheus?usedonly']);
  proxy.closeAllConnections();
  proxy.close();
});

test('a name that anybody could lead here is refused on loopback', async () => {
  const proxy = await startAdminProxy(socketPath, '127.0.0.1', 0, () => false);
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ask = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/ready', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on('error', reject);
    });
  for (const host of ['127.0.0.1', `localhost:${port}`, '[::1]:9901', 'a.localhost', 'container'])
    assert.equal(await ask(host), 200, host);
  for (const host of [`evil.example:${port}`, '127.0.0.1.nip.io', 'localhost.evil.example'])
    assert.equal(await ask(host), 421, host);
  proxy.closeAllConnections();
  proxy.close();
});

test("requests in flight are counted without the admin endpoint's own", async () => {
  assert.equal(await countInFlight(socketPath), 5);
  assert.deepEqual([...(await readInFlight(socketPath)).calls], [['p_m_rest', 4]]);
});
