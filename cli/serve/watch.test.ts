import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchFile } from './watch.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-watch-'));
after(() => rmSync(dir, { recursive: true, force: true }));

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 10) {
    if (waited > 5000) assert.fail('waited in vain');
    await sleep(10);
  }
}

test('a write, a rename over the file and a file that was gone for a moment are each told once', async () => {
  const file = join(dir, 'a.yaml');
  writeFileSync(file, 'one');
  const told: string[] = [];
  const watcher = watchFile(file, 'one', (text) => told.push(text));

  writeFileSync(file, 'two');
  await until(() => told.length === 1);
  writeFileSync(join(dir, 'a.yaml~'), 'three');
  renameSync(join(dir, 'a.yaml~'), file);
  await until(() => told.length === 2);
  rmSync(file);
  await sleep(150);
  writeFileSync(file, 'four');
  await until(() => told.length === 3);
  // The same text again, or another file beside it, is no change.
  writeFileSync(file, 'four');
  writeFileSync(join(dir, 'b.yaml'), 'other');
  await sleep(250);
  watcher.close();
  assert.deepEqual(told, ['two', 'three', 'four']);
});

test('with a poll, a directory that comes later and a first text are found too', async () => {
  const late = join(dir, 'late');
  const told: string[] = [];
  assert.throws(() => watchFile(join(late, 'a.yaml'), null, () => {}), /ENOENT/);
  const watcher = watchFile(join(late, 'a.yaml'), null, (text) => told.push(text), { pollMs: 20 });
  mkdirSync(late);
  writeFileSync(join(late, 'a.yaml.new'), 'one');
  renameSync(join(late, 'a.yaml.new'), join(late, 'a.yaml'));
  await until(() => told.length === 1);
  watcher.close();
  assert.deepEqual(told, ['one']);
});
