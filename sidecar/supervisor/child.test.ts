import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { restartDelayMs, UNIT_BACKOFF } from '../../lib/runtime/backoff.ts';
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

const URLS = ['watchdog.ts', 'child.ts'].map((file) => new URL(file, import.meta.url).href);

/** A process that guards a shell with a child of its own; says the pids of all. */
async function openOwner(command: string): Promise<{
  readonly owner: number;
  readonly dogs: readonly number[];
  readonly guarded: readonly number[];
}> {
  const script = `
    import { Watchdog } from ${JSON.stringify(URLS[0])};
    import { Child } from ${JSON.stringify(URLS[1])};
    const dog = new Watchdog();
    const released = 4194304;
    dog.guard(released); dog.release(released);
    const backoff = { firstMs: 0, maxMs: 100, steadyMs: 60000 };
    const argv = ['/bin/sh', '-c', ${JSON.stringify(command)}];
    const stdio = ['ignore', 'pipe', 'inherit'];
    const spec = { name: 'x', argv, cwd: '.', env: process.env, stdio, backoff, deathSignal: 'TERM' };
    new Child(spec, dog, {
      onStart: (child) => child.stdout.once('data', (data) => {
        const guarded = data.toString().trim().split(' ').map(Number);
        console.log(JSON.stringify({ owner: process.pid, dogs: dog.pids, guarded }));
      }),
      onDeath: () => {},
    }).start();
    setInterval(() => {}, 1000);`;
  const owner = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [data] = (await once(owner.stdout, 'data')) as [Buffer];
  return JSON.parse(data.toString()) as Awaited<ReturnType<typeof openOwner>>;
}

async function untilGone(pids: readonly number[]): Promise<void> {
  for (let waited = 0; pids.some(lives) && waited < 15_000; waited += 50) await sleep(50);
  assert.deepEqual(pids.filter(lives), []);
}

const WITH_CHILD = 'sleep 100 & echo $$ $!; wait';
const ALONE = 'echo $$; exec sleep 100';

test('the watchdogs end what they guard, with all that it started, when their owner is killed', async () => {
  const { owner, guarded } = await openOwner(WITH_CHILD);
  assert.equal(guarded.length, 2);
  process.kill(owner, 'SIGKILL');
  await untilGone(guarded);
});

test('whichever of watchdogs and owner is killed first, nothing is left', async () => {
  for (const order of [[0], [1], [0, 1]]) {
    const { owner, dogs, guarded } = await openOwner(WITH_CHILD);
    assert.equal(dogs.length, 2);
    // One after the other, with time to notice: each is replaced.
    for (const dog of order) {
      process.kill(dogs[dog] ?? 0, 'SIGKILL');
      await sleep(300);
    }
    process.kill(owner, 'SIGKILL');
    await untilGone(guarded);
  }
});

test('the kernel ends what was started when all are killed in one breath', async (context) => {
  if (spawnSync('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '/bin/true']).status !== 0) {
    context.skip('there is no setpriv here');
    return;
  }
  const { owner, dogs, guarded } = await openOwner(ALONE);
  for (const pid of [...dogs, owner]) process.kill(pid, 'SIGKILL');
  await untilGone(guarded);
});

test('what left the group and holds our pipe does not hold us', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const command = `${JSON.stringify(process.execPath)} -e "
    const child = require('node:child_process').spawn('sleep', ['30'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
    console.log(child.pid); setInterval(() => {}, 1000);"`;
  let output: Readable | null = null;
  const { child, watchdog } = open(
    ['/bin/sh', '-c', command],
    (started) => {
      output = started.stdout;
      started.stdout?.once('data', (data: Buffer) => resolve(Number(data.toString())));
    },
    () => assert.fail('was told to end'),
  );
  child.start();
  const escaped = await promise;
  try {
    await child.stop(2_000);
    assert.ok(lives(escaped), 'it is in a session of its own');
    assert.equal((output as Readable | null)?.destroyed, true);
  } finally {
    process.kill(escaped, 'SIGKILL');
    watchdog.dismiss();
  }
});
