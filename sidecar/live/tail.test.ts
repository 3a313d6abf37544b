import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MAX_FILE_BYTES, MAX_LOOK_BYTES, Tail } from './tail.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-tail-'));
const path = join(dir, 'live.log');
after(() => rmSync(dir, { recursive: true }));

test('lines come once and whole, from the beginning of the watch on', () => {
  writeFileSync(path, 'of an earlier run\n');
  const tail = new Tail(path);
  assert.deepEqual(tail.look(), []);
  appendFileSync(path, 'one\ntwo\nthr');
  assert.deepEqual(tail.look(), ['one', 'two']);
  appendFileSync(path, 'ee\n');
  assert.deepEqual(tail.look(), ['three']);
  assert.deepEqual(tail.look(), []);
  tail.close();
});

test('of more than one look takes the newest are read, and the file stays small', () => {
  const tail = new Tail(path);
  const line = `${'x'.repeat(99)}\n`;
  appendFileSync(path, line.repeat(MAX_FILE_BYTES / 100 + 100));
  appendFileSync(path, 'last\n');
  const lines = tail.look();
  assert.equal(lines.at(-1), 'last');
  assert.ok(lines.length <= MAX_LOOK_BYTES / 100 + 1);
  assert.ok(lines.slice(0, -1).every((each) => each.length === 99));
  assert.equal(statSync(path).size, 0);
  appendFileSync(path, 'next\n');
  assert.deepEqual(tail.look(), ['next']);
  assert.equal(readFileSync(path, 'utf8'), 'next\n');
  tail.close();
});
