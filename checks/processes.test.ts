// The processes of the system's namespace by their command lines.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

for (const main of [
  'operator/process/main.ts',
  'gateway/process/main.ts',
  'operator/admission/main.ts',
]) {
  const path = fileURLToPath(new URL(`../${main}`, import.meta.url));
  const run = (argument: string) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path, argument], {
      encoding: 'utf8',
    });

  test(`${main} tells how it is used`, () => {
    const { status, stdout, stderr } = run('--help');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /\nUsage: node .*\n[^]*\nExample: /);
  });

  test(`${main} names a flag that it does not know, without a stack trace`, () => {
    const { status, stderr } = run('--no-such-flag');
    assert.equal(status, 2);
    assert.match(stderr, /--no-such-flag/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
}
