import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { get, request } from './node-http.ts';

test('a peer that switches protocols unasked is an error, and not silence', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const connects = (...[options, take]: Parameters<typeof get>) =>
    request({ ...options, method: 'CONNECT' }, take);
  for (const ask of [request, get, connects]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const outgoing = ask({ host: '127.0.0.1', port, agent: false }, () => resolve('a response'));
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
    assert.equal(await promise, 'the peer switched to another protocol unasked');
    assert.equal(outgoing.socket?.destroyed, true);
  }
});
