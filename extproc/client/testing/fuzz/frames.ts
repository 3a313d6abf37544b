// The frame loop against units that go mad: a node:http2 server's bytes are recorded once, then played back cut and
// damaged. What must hold: every call has exactly one result, and nothing is thrown.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { CallResult } from '../../../contract/calls.ts';
import { Http2Client } from '../../http2/client.ts';
import { requestOf } from '../calling.ts';
import { answerOk, startH2Server } from '../h2-server.ts';
import { cut, mutate, type Random } from './random.ts';

const CALLS = 3;

/** What a good server sends for `CALLS` calls: recorded through a proxy of sockets. */
export async function recordServer(): Promise<Buffer> {
  const unit = await startH2Server((r) => answerOk(r, 'x'.repeat(300), { 'x-unit': 'a' }));
  const { connect } = await import('node:net');
  const pieces: Buffer[] = [];
  const proxy = createServer((socket) => {
    const onward = connect({ port: unit.port, host: '127.0.0.1' });
    onward.on('data', (piece: Buffer) => pieces.push(piece));
    socket.pipe(onward).pipe(socket);
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  });
  const port = await listen(proxy);
  const results = await makeCalls(port, 2000);
  assert.ok(results.every((result) => result.kind === 'response' && result.isOk));
  proxy.close();
  await unit.close();
  return Buffer.concat(pieces);
}

/** A server that plays `bytes` back to whoever connects, then closes. */
export async function startPlayer(
  next: () => readonly Buffer[],
): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      for (const piece of next()) socket.write(piece);
      socket.end();
    });
    socket.on('data', () => {});
  });
  return { port: await listen(server), server };
}

export async function fuzzFrames(random: Random, recorded: Buffer): Promise<void> {
  const bytes = random.chance(0.1) ? recorded : mutate(random, recorded);
  const { port, server } = await startPlayer(() => cut(random, bytes).slice(0, 400));
  const results = await makeCalls(port, 300);
  assert.equal(results.length, CALLS);
  for (const result of results) {
    if (result.kind === 'response' && result.isOk) assert.ok(result.body.length <= 1_000_000);
  }
  server.close();
}

async function makeCalls(port: number, timeoutMs: number): Promise<CallResult[]> {
  const host = `127.0.0.1:${port}`;
  const client = new Http2Client({ address: { kind: 'tcp', host: '127.0.0.1', port }, host });
  let told = 0;
  const results = await Promise.all(
    Array.from(
      { length: CALLS },
      () =>
        new Promise<CallResult>((resolve) => {
          client.call(
            requestOf({ path: '/a.B/C', contentType: undefined, timeoutMs }),
            (result) => {
              told++;
              resolve(result);
            },
          );
        }),
    ),
  );
  client.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told, CALLS);
  return results;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
