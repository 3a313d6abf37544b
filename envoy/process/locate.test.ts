import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isNewEnough, locateEnvoy, MIN_ENVOY_VERSION } from './locate.ts';

/** A script that says it is an Envoy of that version. */
async function fakeEnvoy(dir: string, version: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'envoy');
  await writeFile(
    path,
    `#!/bin/sh\necho "envoy  version: 0000/${version}/Clean/RELEASE/BoringSSL"\n`,
  );
  await chmod(path, 0o755);
  return path;
}

test('ENVOY_BIN comes first, then a new enough one on PATH, then the virtual environment', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sidegraph-locate-'));
  try {
    const named = await fakeEnvoy(join(root, 'named'), '1.41.0');
    await fakeEnvoy(join(root, 'old'), '1.39.9');
    const onPath = await fakeEnvoy(join(root, 'new'), '1.40.0');
    const packaged = join(root, 'venv', 'lib', 'python3.11', 'site-packages', 'envoy', '_bin');
    const inVenv = await fakeEnvoy(packaged, '1.40.0');
    const venvs = [join(root, 'venv')];
    const PATH = [join(root, 'old'), join(root, 'new')].join(delimiter);
    const pathOf = async (env: Record<string, string>) => {
      const found = await locateEnvoy({ env, venvs });
      return found.kind === 'found' ? found.path : found.reason;
    };
    assert.equal(await pathOf({ PATH, ENVOY_BIN: named }), named);
    assert.equal(await pathOf({ PATH }), onPath);
    assert.equal(await pathOf({ PATH: join(root, 'old') }), inVenv);
    const missing = await locateEnvoy({ env: { PATH: join(root, 'old') }, venvs: [] });
    assert.match(missing.kind === 'missing' ? missing.reason : '', /1\.39\.9/);
    const old = await locateEnvoy({ env: { ENVOY_BIN: join(root, 'old', 'envoy') }, venvs });
    assert.match(
      old.kind === 'missing' ? old.reason : '',
      /is Envoy 1\.39\.9, and 1\.40 or newer is needed/,
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('versions compare by number', () => {
  assert.equal(isNewEnough('1.40.0'), true);
  assert.equal(isNewEnough('1.100.1'), true);
  assert.equal(isNewEnough('2.0.0'), true);
  assert.equal(isNewEnough('1.39.5'), false);
});

test('the set-up looks for an Envoy of the same age', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const setup = await readFile(join(root, 'scripts/setup.sh'), 'utf8');
  const line = /^ENVOY_MINOR_AT_LEAST=.*$/m.exec(setup)?.[0] ?? '';
  const script = `${line}; echo "1.$ENVOY_MINOR_AT_LEAST"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: root });
  assert.equal(stdout.trim(), MIN_ENVOY_VERSION);
});
