import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { findClash, findFreePort, findTaken } from './ports.ts';

const host = '127.0.0.1';
const advice = 'choose another one with --port';

test('two readers of one port are told by both names', () => {
  const clash = findClash([
    { port: 8000, host, owner: 'the ingress (--port)', advice },
    { port: 9000, host, owner: 'unit a (HTTP)', advice: '' },
    { port: 8000, host, owner: 'unit b (HTTP)', advice: 'give unit b another port' },
  ]);
  assert.equal(clash?.code, 'PORT_CLASH');
  assert.equal(
    clash?.message,
    'port 8000 is wanted twice: by the ingress (--port) and by unit b (HTTP)',
  );
  assert.equal(clash?.advice, 'give unit b another port');
  assert.equal(findClash([{ port: 8000, host, owner: 'x', advice }]), undefined);
});

test('a port that another program listens on is told; a free one is found past it', async () => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const taken = await findTaken([{ port, host, owner: 'the ingress (--port)', advice }]);
  assert.equal(taken?.code, 'PORT_TAKEN');
  assert.match(
    taken?.message ?? '',
    /for the ingress \(--port\) is already in use by another program/,
  );
  assert.notEqual(await findFreePort(port, new Set()), port);
  server.close();
  await once(server, 'close');
  assert.equal(await findTaken([{ port, host, owner: 'the ingress', advice }]), undefined);
});

test('an address that is not of this machine is told as that', async () => {
  const taken = await findTaken([{ port: 0, host: '192.0.2.1', owner: 'the ingress', advice }]);
  assert.match(taken?.message ?? '', /192\.0\.2\.1 is not an address of this machine/);
  const link = await findTaken([{ port: 0, host: 'fe80::1', owner: 'the ingress', advice }]);
  assert.match(link?.message ?? '', /cannot be opened: fe80::1 is /);
  assert.equal(link?.advice, 'choose another --host');
});
