// Real small processes; what a user is told of those that do not come up.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freePort } from '../../e2e/harness/ports.ts';
import { createLog } from '../../sidecar/supervisor/log.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { Watchdog } from '../../sidecar/supervisor/watchdog.ts';
import { answersTcp } from './probe.ts';
import { LocalUnit } from './unit.ts';

const watchdog = new Watchdog();
after(() => watchdog.dismiss());

function create(
  argv: string[],
  port: number,
  otherPorts: readonly number[] = [],
): { unit: LocalUnit; told: string[] } {
  const told: string[] = [];
  const write = (line: string): void => void told.push(line);
  const spec = {
    name: 'm',
    argv,
    cwd: '.',
    env: { PATH: process.env['PATH'] ?? '' },
    ports: [port],
    otherPorts,
    metricsPort: 0,
  };
  return {
    unit: new LocalUnit(spec, {
      log: createLog('info', false, write),
      watchdog,
      prefix: 'm | ',
      write,
    }),
    told,
  };
}

async function failure(unit: LocalUnit, limitMs: number): Promise<CommandFailure> {
  unit.start();
  try {
    await unit.waitUntilReady(limitMs, new AbortController().signal);
  } catch (thrown) {
    assert.ok(thrown instanceof CommandFailure);
    return thrown;
  } finally {
    await unit.stop(500);
  }
  return assert.fail('is ready');
}

test('a unit is ready when it answers; its output has its name', async () => {
  const port = await freePort();
  const script = `console.log('one\\ntwo'); require('net').createServer().listen(${port}, '127.0.0.1')`;
  const { unit, told } = create([process.execPath, '-e', script], port);
  unit.start();
  await unit.waitUntilReady(10_000, new AbortController().signal);
  await unit.stop(1000);
  assert.deepEqual(told, ['m | one\n', 'm | two\n']);
});

test('a unit whose other port opens a little later is ready then, one that never opens it all the same', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const listen = (on: number): string =>
    `require('net').createServer((s) => s.end()).listen(${on}, '127.0.0.1')`;
  const script = `${listen(port)}; setTimeout(() => ${listen(other)}, 300)`;
  const { unit } = create([process.execPath, '-e', script], port, [other]);
  unit.start();
  await unit.waitUntilReady(10_000, new AbortController().signal);
  assert.ok(await answersTcp('127.0.0.1', other, 1000));
  await unit.stop(1000);
  const { unit: half } = create([process.execPath, '-e', listen(port)], port, [other]);
  half.start();
  await half.waitUntilReady(10_000, new AbortController().signal);
  await half.stop(1000);
});

test('a unit that never answers is named with its port after the limit', async () => {
  const port = await freePort();
  const told = await failure(create(['sleep', '100'], port).unit, 200);
  assert.equal(told.code, 'UNIT_SILENT');
  assert.match(
    told.message,
    new RegExp(`unit m was started \\(sleep 100\\) but does not answer on port ${port}`),
  );
});

test('a unit that ends at its start is given up after three times, each reported', async () => {
  const port = await freePort();
  const { unit, told } = create(['/bin/sh', '-c', 'echo no model >&2; exit 3'], port);
  const ended = await failure(unit, 10_000);
  assert.equal(ended.code, 'UNIT_EXITED');
  assert.match(ended.message, /exited with code 3, 3 times in a row/);
  assert.equal(told.filter((line) => line === 'm | no model\n').length, 3);
  assert.ok(
    told.some((line) => /unit m exited with code 3; starting it again in 500 ms/.test(line)),
  );
});

test('a command that is not there is told at once', async () => {
  const port = await freePort();
  const told = await failure(create(['no-such-server'], port).unit, 10_000);
  assert.equal(told.code, 'UNIT_NOT_STARTED');
  assert.match(told.message, /ENOENT/);
});
