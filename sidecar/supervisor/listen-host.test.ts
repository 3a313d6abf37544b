import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from '../../lib/runtime/failure.ts';
import { resolveListenHost } from './listen-host.ts';

const never = (): Promise<string[]> => assert.fail('nothing is looked up');

test('addresses and localhost are taken as they are', async () => {
  for (const [host, address] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::1', '::1'],
    ['[::]', '::'],
    ['localhost', '127.0.0.1'],
    ['LocalHost', '127.0.0.1'],
  ] as const)
    assert.equal(await resolveListenHost(host, never), address);
});

test('a name is looked up; its IPv4 address goes first', async () => {
  const resolve = (name: string): Promise<string[]> =>
    Promise.resolve(name === 'both' ? ['fd00::1', '10.0.0.1'] : ['fd00::2']);
  assert.equal(await resolveListenHost('both', resolve), '10.0.0.1');
  assert.equal(await resolveListenHost('six', resolve), 'fd00::2');
});

test('what is no host, and a name that is not known, are told in words', async () => {
  const unknown = (): Promise<string[]> =>
    Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
  for (const host of ['nope.invalid', '*', 'a b', '127.0.0.1:80', 'http://x', '', 'fe80::1%lo'])
    await assert.rejects(
      resolveListenHost(host, unknown),
      (thrown) =>
        thrown instanceof CommandFailure &&
        thrown.code === 'HOST_UNUSABLE' &&
        thrown.message.startsWith(`--host ${host} `) &&
        !thrown.message.includes('getaddrinfo'),
      host,
    );
});
