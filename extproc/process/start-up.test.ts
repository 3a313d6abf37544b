import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { workerExecArgv } from '../../lib/runtime/exec-argv.ts';

/** Parts of Node that cost megabytes, which the filter has no use for. */
const TOO_MUCH = ['internal/deps/undici/undici', 'internal/http2/core', 'internal/webstreams/util'];

test('the process loads nothing of Node that it does not use', () => {
  const program = `await import(${JSON.stringify(new URL('./run.ts', import.meta.url).href)});
    console.log(process.moduleLoadList.join('\\n'));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...workerExecArgv, '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  const loaded = new Set(stdout.split('\n').map((line) => line.replace(/^NativeModule /, '')));
  assert.ok(loaded.has('http'), stderr);
  assert.deepEqual(
    TOO_MUCH.filter((name) => loaded.has(name)),
    [],
  );
});
