import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listDirectories, watchFile } from './watch.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sidegraph-watch-')));
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
  assert.throws(() => watchFile(join(late, 'a.yaml'), undefined, () => {}), /cannot be watched/);
  const watcher = watchFile(join(late, 'a.yaml'), undefined, (text) => told.push(text), {
    pollMs: 20,
  });
  mkdirSync(late);
  writeFileSync(join(late, 'a.yaml.new'), 'one');
  renameSync(join(late, 'a.yaml.new'), join(late, 'a.yaml'));
  await until(() => told.length === 1);
  watcher.close();
  assert.deepEqual(told, ['one']);
});

test('a file behind symbolic links is followed, whichever of them or the file itself changes', async () => {
  const place = join(dir, 'links');
  for (const folder of ['', 'real', 'other', 'way']) mkdirSync(join(place, folder));
  const real = join(place, 'real', 'a.yaml');
  writeFileSync(real, 'one');
  symlinkSync('../real/a.yaml', join(place, 'way', 'middle'));
  symlinkSync('way/middle', join(place, 'link'));
  assert.deepEqual(
    [...listDirectories(join(place, 'link'))].toSorted(),
    [place, join(place, 'real'), join(place, 'way')].toSorted(),
  );
  const told: string[] = [];
  const watcher = watchFile(join(place, 'link'), 'one', (text) => told.push(text));
  writeFileSync(real, 'two');
  await until(() => told.length === 1);
  writeFileSync(join(place, 'other', 'b.yaml'), 'three');
  symlinkSync('../other/b.yaml', join(place, 'way', 'new'));
  renameSync(join(place, 'way', 'new'), join(place, 'way', 'middle'));
  await until(() => told.length === 2);
  // From now on the new target counts, the old one does not.
  writeFileSync(real, 'four');
  writeFileSync(join(place, 'other', 'b.yaml'), 'five');
  await until(() => told.length === 3);
  watcher.close();
  assert.deepEqual(told, ['two', 'three', 'five']);
});

test('a mount of Kubernetes, where one link swaps all files, is followed', async () => {
  const mount = join(dir, 'mount');
  mkdirSync(join(mount, '..2026_1'), { recursive: true });
  writeFileSync(join(mount, '..2026_1', 'a.yaml'), 'one');
  symlinkSync('..2026_1', join(mount, '..data'));
  symlinkSync('..data/a.yaml', join(mount, 'a.yaml'));
  const told: string[] = [];
  const watcher = watchFile(join(mount, 'a.yaml'), 'one', (text) => told.push(text));
  for (const [version, text] of [
    ['..2026_2', 'two'],
    ['..2026_3', 'three'],
  ] as const) {
    mkdirSync(join(mount, version));
    writeFileSync(join(mount, version, 'a.yaml'), text);
    symlinkSync(version, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    await until(() => told.at(-1) === text);
  }
  watcher.close();
  assert.deepEqual(told, ['two', 'three']);
});

test('a directory that is replaced is found by a look, a file that is touched is told as such', async () => {
  const place = join(dir, 'replaced');
  mkdirSync(place);
  const file = join(place, 'a.yaml');
  writeFileSync(file, 'one');
  const told: string[] = [];
  let touches = 0;
  const watcher = watchFile(file, 'one', (text) => told.push(text), {
    pollMs: 20,
    touched: () => {
      touches += 1;
    },
  });
  utimesSync(file, 1, 1);
  await until(() => touches === 1);
  mkdirSync(join(dir, 'next'));
  writeFileSync(join(dir, 'next', 'a.yaml'), 'two');
  renameSync(place, join(dir, 'old'));
  renameSync(join(dir, 'next'), place);
  await until(() => told.length === 1);
  writeFileSync(file, 'three');
  await until(() => told.length === 2);
  watcher.close();
  assert.deepEqual(told, ['two', 'three']);
});

test('a file that went, and a directory in its place, are told once, and the file when it is back', async () => {
  const file = join(dir, 'gone.yaml');
  writeFileSync(file, 'one');
  const told: string[] = [];
  const lost: string[] = [];
  let touches = 0;
  const watcher = watchFile(file, 'one', (text) => told.push(text), {
    pollMs: 20,
    touched: () => {
      touches += 1;
    },
    unreadable: (thrown) => lost.push(String(thrown)),
  });
  unlinkSync(file);
  await until(() => lost.length === 1);
  mkdirSync(file);
  writeFileSync(join(dir, 'beside'), '');
  await sleep(150);
  rmSync(file, { recursive: true });
  writeFileSync(file, 'one');
  await until(() => touches > 0);
  rmSync(file);
  mkdirSync(file);
  await until(() => lost.length === 2);
  watcher.close();
  assert.match(lost[0] ?? '', /ENOENT/);
  assert.match(lost[1] ?? '', /EISDIR/);
  assert.deepEqual(told, []);
});
