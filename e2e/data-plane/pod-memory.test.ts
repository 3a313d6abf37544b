// What a pod's sidecars hold, from /proc and from a cgroup of their own. The bounds are generous: bench/results.md has the numbers.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { measurePod } from '../../bench/pod-memory.ts';
import { startHttpStub } from '../../bench/stub-http.ts';
import { locateEnvoy } from '../../envoy/process/locate.ts';
import { deployment, model } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';

const MB = 1e6;
const VENV = join(import.meta.dirname, '../../.venv');

async function measure(
  graphOf: (port: number) => Parameters<typeof deployment>[0],
  watched?: 'requests',
) {
  const dir = mkdtempSync(join(tmpdir(), 'sgm-'));
  const port = await freePort();
  const unit = await startHttpStub(port);
  try {
    const envoy = await locateEnvoy({ env: process.env, venvs: [VENV] });
    assert.ok(envoy.kind === 'found');
    const manifest = JSON.stringify(deployment(graphOf(port)));
    return await measurePod({
      manifest,
      envoyBin: envoy.path,
      dir,
      pods: 1,
      loadMs: 500,
      ...(watched === undefined ? {} : { watched }),
    });
  } finally {
    unit.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

test('with one model there is no worker, and the pod is small', async () => {
  const pod = await measure((port) => model('m', port));
  assert.equal(pod.filterBytes, 0);
  assert.ok(pod.anonymousBytes < 65 * MB, JSON.stringify(pod));
  assert.ok(pod.agentBytes + pod.envoyBytes < 190 * MB, JSON.stringify(pod));
  assert.ok(pod.cgroupBytes === undefined || pod.cgroupBytes < 220 * MB, JSON.stringify(pod));
});

test('somebody who looks at its requests costs a pod a few megabytes', async () => {
  const pod = await measure((port) => model('m', port), 'requests');
  assert.equal(pod.filterBytes, 0, 'no worker is started for it');
  assert.ok(pod.anonymousBytes < 75 * MB, JSON.stringify(pod));
});

test('with a chain there is one worker', async () => {
  const pod = await measure((port) => ({
    name: 't',
    type: 'TRANSFORMER',
    port,
    children: [model('m', port)],
  }));
  assert.ok(pod.filterBytes > 0);
  assert.ok(pod.anonymousBytes < 110 * MB, JSON.stringify(pod));
  const all = pod.agentBytes + pod.filterBytes + pod.envoyBytes;
  assert.ok(all < 240 * MB, JSON.stringify(pod));
});
