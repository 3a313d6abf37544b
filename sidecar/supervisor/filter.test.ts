import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RELEASE_LIMIT_MS } from '../../extproc/feedback/limits.ts';
import { simpleModelDeployment } from '../../extproc/testing/plans.ts';
import { Filter, MAX_WAITING_CONNECTIONS } from './filter.ts';
import type { TextLog } from './log.ts';
import { Watchdog } from './watchdog.ts';

const dir = mkdtempSync(join(tmpdir(), 'sidegraph-filter-'));
const watchdog = new Watchdog();
const filters: Filter[] = [];
afterEach(() => Promise.all(filters.splice(0).map((filter) => filter.stop(2_000))));
after(() => {
  watchdog.dismiss();
  rmSync(dir, { recursive: true });
});

const SILENT: TextLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** HTTP/2's preface and empty SETTINGS. */
const HELLO = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
const DEPLOYMENT = simpleModelDeployment('h');

let serial = 0;

async function startFilter(path: string): Promise<Filter> {
  const filter = new Filter({
    sockets: { filter: path },
    argv: ['--log-level', 'silent', '--max-held-bytes', '1000000', '--workers', '1'],
    recalls: undefined,
    onLessons: () => {},
    lessons: () => [],
    log: SILENT,
    output: (stream) => stream?.resume(),
    onWalks: () => {},
    watchdog,
    env: process.env,
  });
  filters.push(filter);
  await filter.listen();
  assert.equal((await filter.load(DEPLOYMENT)).kind, 'loaded');
  return filter;
}

function dial(path: string): Socket {
  const socket = connect(path);
  socket.on('error', () => {});
  socket.write(HELLO);
  return socket;
}

/** One after the other, so that the listener's queue is never full. */
function connected(path: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = dial(path);
    socket.once('connect', () => resolve(socket));
  });
}

/** Resolves when the other end has spoken, or has ended the connection. */
function outcome(socket: Socket): Promise<'served' | 'closed'> {
  return new Promise((resolve) => {
    socket.once('data', () => resolve('served'));
    socket.once('close', () => resolve('closed'));
  });
}

test('connections that a worker was handed as it was killed go to the next one', async () => {
  // Whether the death or a connection is seen first is the kernel's to say: some of each.
  for (let round = 0; round < 6; round += 1) {
    const path = join(dir, `s${serial++}`);
    const filter = await startFilter(path);
    const first = dial(path);
    assert.equal(await outcome(first), 'served');
    const closed = outcome(first);
    process.kill(filter.pid ?? 0, 'SIGKILL');
    const early = [dial(path), dial(path)];
    assert.equal(await closed, 'closed');
    const late = [dial(path), dial(path)];
    const outcomes = await Promise.all([...early, ...late].map(outcome));
    assert.deepEqual(outcomes, ['served', 'served', 'served', 'served'], `round ${round}`);
    for (const socket of [...early, ...late]) socket.destroy();
    await filter.stop(2_000);
  }
});

test('a release waits for the worker, but for none that is stopped, killed or not there', async (context) => {
  const path = join(dir, `s${serial++}`);
  const filter = await startFilter(path);
  assert.equal(await filter.release('nobody-had-it'), false);
  const pid = filter.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const begin = performance.now();
  assert.equal(await filter.release('one'), false);
  assert.ok(performance.now() - begin > RELEASE_LIMIT_MS - 5);
  // No limit is ever reached from here on: it is the worker's death that ends the wait.
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const pending = filter.release('one');
  process.kill(pid, 'SIGKILL');
  assert.equal(await pending, false);
  assert.equal(await filter.release('one'), false);
});

test('a connection ends with the worker that holds it', async () => {
  const path = join(dir, `s${serial++}`);
  const filter = await startFilter(path);
  const held = dial(path);
  assert.equal(await outcome(held), 'served');
  await filter.stop(2_000);
  assert.equal(held.destroyed || (await outcome(held)) === 'closed', true);
});

test('connections to a worker that takes none are bounded, and the oldest are served when it does again', async () => {
  const path = join(dir, `s${serial++}`);
  const filter = await startFilter(path);
  const pid = filter.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const patient = await connected(path);
  const served = outcome(patient);
  let ended = 0;
  const flood: Promise<void>[] = [];
  for (let count = 0; count < MAX_WAITING_CONNECTIONS + 20; count += 1) {
    const socket = await connected(path);
    flood.push(
      outcome(socket).then((how) => {
        if (how === 'closed') ended += 1;
        socket.destroy();
      }),
    );
  }
  while (ended < 21) await sleep(10);
  process.kill(pid, 'SIGCONT');
  assert.equal(await served, 'served');
  await Promise.all(flood);
  assert.equal(ended, 21);
  patient.destroy();
});
