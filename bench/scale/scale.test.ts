// The measuring program with few deployments: that it measures what it says, and what holds at any size. Sizes that people care for
// are measured by hand (docs/performance-kubernetes.md).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { whyNoKwok } from '../../e2e/kube/controllers.ts';
import { whyNoPrivateNetwork } from './private-network.ts';
import type { ScaleReport } from './report.ts';

const PROGRAM = new URL('./scale.ts', import.meta.url).pathname;
const DEPLOYMENTS = 60;

describe('many deployments', { skip: whyNoKwok() || whyNoPrivateNetwork() }, () => {
  let dir: string;
  let report: ScaleReport;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sidegraph-scale-'));
    const json = join(dir, 'report.json');
    await run(
      `--deployments=${DEPLOYMENTS} --changes=4 --idle-seconds=5 --timeout-seconds=60 --json=${json}`,
    );
    report = JSON.parse(await readFile(json, 'utf8')) as ScaleReport;
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  test('all become Available, each with its pods, and no reconcile fails', () => {
    // One of them has two predictors.
    assert.equal(report.pods, DEPLOYMENTS + 1);
    assert.equal(report.operator.errors, 0);
  });

  test('the operator writes a fixed number of times for each of them', () => {
    assert.ok(report.operator.writesPerDeployment < 20, `${report.operator.writesPerDeployment}`);
    assert.ok(report.operator.reconcilesPerDeployment < 20);
  });

  test('then it is idle: it reconciles nothing and writes nothing but its Lease', () => {
    assert.equal(report.idle.reconciles, 0);
    assert.deepEqual(writesOf(report.idle.requests), {});
  });

  test('weights change at the gateway and no request fails', () => {
    assert.equal(report.weights.changes, 4);
    assert.deepEqual(report.weights.firstFailures, []);
    assert.ok(report.weights.requests > 0);
  });

  test('a new operator finds all as it should be: it makes and removes nothing', () => {
    const { POST, DELETE } = report.restart.requests;
    assert.deepEqual({ POST, DELETE }, { POST: undefined, DELETE: undefined });
  });
});

/** The Lease is written by PUT. */
function writesOf(requests: Readonly<Record<string, number>>): Record<string, number> {
  const writes = Object.entries(requests).filter(
    ([method]) => method !== 'GET' && method !== 'PUT',
  );
  return Object.fromEntries(writes);
}

async function run(flags: string): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', PROGRAM, ...flags.split(' ')],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString('utf8');
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  assert.equal(code, 0, words);
}
