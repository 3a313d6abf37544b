import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { readSource, readText } from './files.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-files-'));
after(() => rmSync(dir, { recursive: true }));

function fails(read: () => unknown): string {
  try {
    read();
  } catch (thrown) {
    assert.ok(thrown instanceof CommandFailure, String(thrown));
    return `${thrown.code} ${thrown.message}`;
  }
  return 'read';
}

test('a file is read whole, in as many pieces as it needs', () => {
  const file = join(dir, 'long.yaml');
  const text = `# ${'é'.repeat(100_000)}\na: 1\n`;
  writeFileSync(file, text);
  assert.deepEqual(readSource(file), { source: file, text });
});

test('a file without an end is given up', () => {
  assert.equal(
    fails(() => readSource('/dev/zero')),
    'FILE_UNREADABLE /dev/zero has more than 12 MiB, which no manifest may have',
  );
  const file = join(dir, 'a.env');
  writeFileSync(file, 'A=1');
  assert.equal(readText(file, file, 3), 'A=1');
  assert.match(
    fails(() => readText(file, file, 2)),
    /^FILE_UNREADABLE .*a\.env has more than/,
  );
});

test('what is not there, or no file, is told', () => {
  const missing = join(dir, 'none.yaml');
  assert.equal(
    fails(() => readSource(missing)),
    `FILE_UNREADABLE ${missing} does not exist`,
  );
  assert.equal(
    fails(() => readSource(dir)),
    `FILE_UNREADABLE ${dir} is a directory`,
  );
});
