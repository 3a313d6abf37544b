// An operator on the base class of @dot-i/k8s-operator as a process: it outlives its API server and ends with 0.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sleep } from '../../lib/kube/backoff.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';

const PROGRAM = fileURLToPath(new URL('steady-program.ts', import.meta.url));
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' } as const;
const WAIT_MS = 30_000;

test('an operator outlives the API server and ends with 0', {
  skip: whyNoKube(),
}, async () => {
  const api = await startApiServer();
  const client = new KubeClient(api.config());
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', PROGRAM, 'default'],
    {
      env: { ...process.env, KUBECONFIG: api.kubeconfig },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => resolve(code)),
  );
  const hears = async (line: string): Promise<void> => {
    const giveUpAt = performance.now() + WAIT_MS;
    while (!said.split('\n').includes(line)) {
      assert.equal(child.exitCode, null, `ended instead of saying "${line}":\n${said}`);
      assert.ok(performance.now() < giveUpAt, `never said "${line}":\n${said}`);
      await sleep(20);
    }
  };
  const create = (name: string): Promise<unknown> =>
    client.create(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } },
      { manager: 'test' },
    );
  try {
    await hears('synced');
    await create('a');
    await hears('added a');

    await api.kill();
    await api.start();
    await create('b');
    await hears('added b');
    await client.remove({ ...CONFIG_MAP, name: 'a' });
    await hears('deleted a');

    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.match(said, /^ended$/m);
  } finally {
    child.kill('SIGKILL');
    await client.config.close();
    await api.stop();
  }
});
