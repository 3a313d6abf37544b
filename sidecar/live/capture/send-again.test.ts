import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Resend, sendAgain } from './send-again.ts';

test('a gRPC call that HTTP/2 cannot say is an error, and its connection is closed', {
  timeout: 10_000,
}, async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const body = { base64: '', bytes: 0, isCut: false, contentType: null, contentEncoding: null };
  for (const [method, name, code] of [
    ['CONNECT', 'x-a', 'ERR_HTTP2_CONNECT_AUTHORITY'],
    ['POST', 'connection', 'ERR_HTTP2_INVALID_CONNECTION_HEADERS'],
    ['POST', 'a b', 'ERR_INVALID_HTTP_TOKEN'],
  ] as const) {
    const resend: Resend = {
      transport: 'grpc',
      path: '/a',
      request: { method },
      asked: { headers: [{ name, value: 'x' }], body },
    };
    const sent = sendAgain({ host: '127.0.0.1', port }, resend, 'p', new AbortController().signal);
    await assert.rejects(sent, { code });
  }
  // Whoever comes after them is taken after them.
  const last = connect(port, '127.0.0.1');
  for (let peer = 0; peer !== last.localPort; ) {
    const [socket] = (await once(server, 'connection')) as [Socket];
    peer = socket.remotePort ?? 0;
  }
  last.destroy();
  // Once no connection is left.
  server.close();
  await once(server, 'close');
});
