import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readOpenFileLimit } from '../../envoy/kit/open-files.ts';
import { runBounds } from './process-limits.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-limits-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function limits(line: string): string {
  const path = join(dir, 'limits');
  writeFileSync(
    path,
    `Limit  Soft Limit  Hard Limit  Units\nMax cpu time  1  2  seconds\n${line}\n`,
  );
  return path;
}

test('the soft limit of open files counts', () => {
  const text = 'Max open files            1024                 524288               files';
  assert.equal(readOpenFileLimit(limits(text)), 1024);
});

test('no limit, another form and another system are no number', () => {
  const unlimited = 'Max open files            unlimited            unlimited            files';
  assert.equal(readOpenFileLimit(limits(unlimited)), undefined);
  assert.equal(readOpenFileLimit(limits('')), undefined);
  assert.equal(readOpenFileLimit(join(dir, 'none')), undefined);
});

test('run leaves most of the machine to the models', () => {
  const { maxHeapBytes, maxConnections } = runBounds();
  assert.ok(maxHeapBytes > 0 && maxHeapBytes <= 1024 * 1024 * 1024);
  assert.ok(maxConnections > 0 && maxConnections <= 50_000);
});
