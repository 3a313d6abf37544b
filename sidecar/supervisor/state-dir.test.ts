import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { openStateDir } from './state-dir.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-state-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function refused(path: string, env: NodeJS.ProcessEnv = process.env): string {
  let message = '';
  assert.throws(
    () => openStateDir(path, env),
    (thrown) => {
      assert.ok(thrown instanceof CommandFailure && thrown.code === 'STATE_DIR_UNUSABLE');
      message = thrown.message;
      return true;
    },
  );
  return message;
}

test('a directory that is missing is made with its parents, and holds the pid while it is open', () => {
  const path = join(dir, 'a', 'b');
  const state = openStateDir(path, process.env);
  assert.equal(state.dir, path);
  assert.ok(existsSync(join(path, 'run.pid')));
  state.close();
  assert.ok(!existsSync(join(path, 'run.pid')) && existsSync(path));
});

test('where no directory can be made, it is told at once and in words', () => {
  writeFileSync(join(dir, 'file'), '');
  assert.match(refused(join(dir, 'file')), /file is no directory$/);
  assert.match(refused(join(dir, 'file', 'x')), /no directory/);
  symlinkSync('loop', join(dir, 'loop'));
  assert.match(refused(join(dir, 'loop')), /loop of symbolic links \(ELOOP\)$/);
  assert.match(refused(join(dir, 'x'.repeat(300))), /path is too long/);
  assert.match(refused(''), /cannot be used: it has no name$/);
  if (process.platform !== 'linux') return;
  // Node's own recursive mkdir never comes back from here.
  assert.match(refused('/proc/x'), /no directory can be made there \(ENOENT\)$/);
  assert.match(refused('/proc/self/fd/x/y'), /cannot be used/);
  assert.match(refused('/dev/full/x'), /no directory/);
});

test('a directory without room is told', { skip: process.platform !== 'linux' }, (context) => {
  // The only file system that is always full and always there takes no directories; a file in its place does.
  const full = join(dir, 'full');
  mkdirSync(full);
  symlinkSync('/dev/full', join(full, '.room'));
  assert.match(refused(full), /its file system is full \(ENOSPC\)$/);
  context.diagnostic('by a link to /dev/full');
});

test('a runtime directory that cannot be made is skipped', () => {
  const state = openStateDir(undefined, { ...process.env, XDG_RUNTIME_DIR: '/proc/x' });
  assert.ok(existsSync(state.dir) && !state.dir.startsWith('/proc'));
  state.close();
  assert.ok(!existsSync(state.dir));
});

test('a deep directory gets its sockets where their paths are short enough', () => {
  const deep = join(dir, ...Array.from({ length: 10 }, () => 'deep-folder'));
  const state = openStateDir(deep, process.env);
  assert.ok(Buffer.byteLength(join(state.sockets, 'control-http.sock')) < 104);
  state.close();
  assert.ok(!existsSync(state.sockets));
});

test('a directory in use by a living process is refused, one of a dead process is taken', () => {
  const path = join(dir, 'used');
  mkdirSync(path);
  writeFileSync(join(path, 'run.pid'), `${process.ppid}\n`);
  assert.match(refused(path), new RegExp(`in use by process ${process.ppid}$`));
  writeFileSync(join(path, 'run.pid'), '4194304999\n');
  openStateDir(path, process.env).close();
});
