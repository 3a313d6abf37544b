// The README's commands for Kubernetes as a newcomer pastes them, on a cluster without the chart; only the cluster is up already.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCommands, runScript } from '../control-plane/read-commands.ts';
import { deleteNamespace, uninstallChart } from './harness/cluster.ts';
import { helm, kubectl, ROOT, whyNoCluster } from './harness/kubectl.ts';

const README = new URL('../../README.md', import.meta.url);
const TIMEOUT_MS = 300_000;

describe('the README’s commands', { skip: whyNoCluster() }, () => {
  before(async () => {
    const isThere = (await helm(['list', '-n', 'sidegraph-system', '-q'])).includes('sidegraph');
    if (isThere) await uninstallChart();
    await kubectl(['delete', 'namespace', 'demo', '--ignore-not-found', '--wait']);
  });
  after(() => deleteNamespace('demo'));
  test('end with a response of the models', async () => {
    const script = readCommands(README).get('cluster') ?? '';
    assert.match(script, /^make cluster-up\n/);
    const lines = script.replace('make cluster-up\n', `cd ${ROOT}\n`);
    const { code, output } = await runScript(lines, {}, TIMEOUT_MS);
    assert.equal(code, 0, output);
    assert.match(output, /HTTP\/1\.1 200 OK/);
    const body = output.slice(output.lastIndexOf('\r\n\r\n'));
    const { data } = JSON.parse(/^\{.*\}$/m.exec(body)?.[0] ?? '{}') as {
      data?: { ndarray: number[][] };
    };
    const known = readFileSync(join(ROOT, '.cache/models/expected.json'), 'utf8');
    const { answers } = JSON.parse(known) as { answers: Record<string, number[][]> };
    const wanted = answers['scaler+scaled'] ?? [];
    assert.equal(data?.ndarray.length, wanted.length, output);
    for (const [row, values] of wanted.entries())
      for (const [column, value] of values.entries())
        assert.ok(Math.abs((data?.ndarray[row]?.[column] ?? Number.NaN) - value) < 1e-9, output);
  });
});
