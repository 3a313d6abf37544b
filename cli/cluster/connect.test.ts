import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { loadConfig } from './connect.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-kubeconfig-'));
after(() => rmSync(dir, { recursive: true }));

const kubeconfig = (server: string, current: string, cluster = 'c') =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster, user: 'u' } }],
    'current-context': current,
  });

/** The server of what was loaded, or the failure's words. */
function load(text: string, context?: string): string {
  const file = join(dir, 'config');
  writeFileSync(file, text);
  try {
    return loadConfig({ kubeconfig: file, context }).serverUrl();
  } catch (thrown) {
    assert.ok(thrown instanceof CommandFailure, String(thrown));
    return `${thrown.code} ${thrown.message}`;
  }
}

test('a kubeconfig that leads to no address is a failure of the command, and no bug', () => {
  const unusable = 'CLUSTER_UNREACHABLE the kubeconfig cannot be used: ';
  assert.equal(load(kubeconfig('https://127.0.0.1:1/', 'x')), 'https://127.0.0.1:1');
  for (const [text, fault] of [
    ['{}', 'it has no current context'],
    ['[1, 2]', 'it has no current context'],
    [kubeconfig('https://127.0.0.1:1', ''), 'it has no current context'],
    [kubeconfig('https://127.0.0.1:1', 'y'), 'its context y names no cluster'],
    [kubeconfig('https://127.0.0.1:1', 'x', 'd'), 'its context x names no cluster'],
    ...['no address', '127.0.0.1:6443', 'ftp://127.0.0.1:1'].map(
      (server) =>
        [
          kubeconfig(server, 'x'),
          `the server of its cluster c is ${server}, which is no http:// or https:// address`,
        ] as const,
    ),
  ] as const)
    assert.equal(load(text), unusable + fault);
  assert.equal(
    load(kubeconfig('https://127.0.0.1:1', 'x', 'd'), 'x'),
    `${unusable}its context x names no cluster`,
  );
  assert.match(load('a: ['), /^FILE_UNREADABLE the kubeconfig cannot be read: /);
});
