import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { restartDelayMs, UNIT_BACKOFF } from './backoff.ts';
import { Child } from './child.ts';
import { Watchdog } from './watchdog.ts';

const BACKOFF = { firstMs: 0, maxMs: 100, steadyMs: 60_000 };

function open(
  argv: string[],
  onStart: (child: ChildProcess) => void,
  onDeath: (how: string) => void,
) {
  const watchdog = new Watchdog();
  const child = new Child(
    {
      name: 'x',
      argv,
      cwd: '.',
      env: process.env,
      stdio: ['ignore', 'pipe', 'inherit'],
      backoff: BACKOFF,
    },
    watchdog,
    { onStart, onDeath },
  );
  return { child, watchdog };
}

/** A zombie that nobody has reaped yet does not live. */
function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

test('a child that dies is reported and started again', async () => {
  const deaths: string[] = [];
  let started = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const { child, watchdog } = open(
    ['/bin/sh', '-c', 'exit 3'],
    () => {
      started++;
      if (started === 3) resolve();
    },
    (how) => deaths.push(how),
  );
  child.start();
  await promise;
  await child.stop(1000);
  watchdog.dismiss();
  assert.deepEqual(deaths.slice(0, 2), ['exited with code 3', 'exited with code 3']);
});

test('stopping ends the whole group, also one that ignores SIGTERM', async () => {
  let pids: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const { child, watchdog } = open(
    ['/bin/sh', '-c', 'trap "" TERM; sleep 100 & echo $$ $!; wait; sleep 100'],
    (process) => {
      process.stdout?.once('data', (data: Buffer) => {
        pids = data.toString().trim().split(' ').map(Number);
        resolve();
      });
    },
    () => assert.fail('was told to end'),
  );
  child.start();
  await promise;
  await child.stop(100);
  watchdog.dismiss();
  await sleep(50);
  assert.equal(pids.length, 2);
  for (const pid of pids) assert.equal(lives(pid), false, `process ${pid} is left`);
});

test('a command that does not exist is a death in words', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { child, watchdog } = open(['/does/not/exist'], () => {}, resolve);
  child.start();
  assert.match(await promise, /could not be started: .*ENOENT/);
  child.disarm();
  watchdog.dismiss();
});

test('quick deaths double the wait up to a bound, a long life forgets them', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 20].map((deaths) => restartDelayMs(UNIT_BACKOFF, deaths)),
    [500, 500, 1000, 2000, 4000, 30_000],
  );
  assert.equal(restartDelayMs({ ...BACKOFF, maxMs: 5000 }, 1), 0);
  assert.equal(restartDelayMs({ ...BACKOFF, maxMs: 5000 }, 2), 500);
});

test('the watchdog ends what it guards when its owner is killed', async () => {
  const script = `
    import { Watchdog } from ${JSON.stringify(new URL('./watchdog.ts', import.meta.url).href)};
    import { spawn } from 'node:child_process';
    const child = spawn('/bin/sleep', ['100'], { detached: true, stdio: 'ignore' });
    const released = spawn('/bin/sleep', ['0.01'], { detached: true, stdio: 'ignore' });
    const dog = new Watchdog();
    dog.guard(released.pid); dog.guard(child.pid); dog.release(released.pid);
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const owner = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [data] = (await once(owner.stdout, 'data')) as [Buffer];
  const guarded = Number(data.toString());
  assert.ok(lives(guarded));
  owner.kill('SIGKILL');
  for (let waited = 0; lives(guarded) && waited < 3000; waited += 50) await sleep(50);
  assert.equal(lives(guarded), false);
});
