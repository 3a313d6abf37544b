import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort, freePortRun, freePorts } from './ports.ts';

test('no port is given out twice, also across runs', async () => {
  const base = await freePortRun();
  const ports = [...(await freePorts(120)), await freePort()];
  assert.equal(new Set(ports).size, 121);
  assert.deepEqual(
    ports.filter((port) => port >= base && port < base + 100),
    [],
  );
});

test('a port on which something listens is skipped', async (t) => {
  const next = (await freePort()) + 1;
  const server = createServer().listen(next, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  assert.notEqual(await freePort(), next);
});
