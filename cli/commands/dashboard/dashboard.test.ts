import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import { dashboard } from './dashboard.ts';
import { parseDashboard } from './parse.ts';

test('a name is one deployment, and without one it is a namespace', () => {
  const nothing = { namespace: undefined, context: undefined, kubeconfig: undefined };
  assert.deepEqual(parseDashboard([]), {
    kind: 'options',
    options: { ...nothing, port: 9902, name: undefined },
  });
  assert.deepEqual(parseDashboard(['-n', 'demo', 'iris', '--port', '0']), {
    kind: 'options',
    options: { ...nothing, namespace: 'demo', port: 0, name: 'iris' },
  });
  assert.deepEqual(parseDashboard(['a', 'b']), {
    kind: 'faults',
    faults: ['one deployment at a time, not also b'],
  });
});

test('an API server that says nothing of use is told before anything is served', async (t) => {
  // It takes connections and closes them.
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-dashboard-'));
  t.after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(dir, 'config');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const io = {
    out: (text: string) => assert.fail(text),
    err: () => {},
    env: {},
    outIsTty: false,
    errIsTty: false,
  };
  const options = { name: undefined, namespace: 'demo', context: undefined, kubeconfig, port: 0 };
  await assert.rejects(dashboard(options, io), (error) => {
    assert.ok(error instanceof CommandFailure);
    assert.equal(error.code, 'CLUSTER_UNREACHABLE');
    assert.match(error.message, new RegExp(`http://127\\.0\\.0\\.1:${port} does not answer`));
    return true;
  });
});
