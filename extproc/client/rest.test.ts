// The odd behaviours of REST units, each against the small client and its reference implementation: both must tell the same story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { CallRequest, UnitClient } from '../contract/calls.ts';
import { Http1Client } from './http1/client.ts';
import { brief, callOnce } from './testing/calling.ts';
import { type RawScript, startRawServer } from './testing/raw-server.ts';
import { UndiciReference } from './testing/reference-undici.ts';

interface Case {
  readonly name: string;
  readonly script: RawScript;
  /** One call after the other on one client; one by default. */
  readonly calls?: readonly Partial<CallRequest>[];
  readonly pauseMs?: number;
  /** Results as `brief` says them; a pattern where the reference has its own words. */
  readonly expect: readonly (string | RegExp)[];
  /** Connections that the unit saw. */
  readonly connections?: number;
  readonly requests?: number;
  /** Why the reference differs, where it does. */
  readonly referenceDiffers?: string;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const twice = [{}, {}];
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const BIG = Buffer.alloc(300_000, 'x');

const CASES: readonly Case[] = [
  {
    name: 'two calls share a connection',
    script: () => [OK],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 1,
  },
  {
    name: 'connection: close on every response means a fresh connection for each call',
    script: () => ['HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok', 'CLOSE'],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 2,
    requests: 2,
  },
  {
    name: 'HTTP/1.0 without a length is read to its end',
    script: () => ['HTTP/1.0 200 OK\r\n\r\nol', { waitMs: 5 }, 'd', 'CLOSE'],
    calls: twice,
    expect: ['200 old', '200 old'],
    connections: 2,
  },
  {
    name: 'HTTP/1.0 with a length is not kept',
    script: () => ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok', 'CLOSE'],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 2,
  },
  {
    name: 'a connection that the unit dropped while idle is replaced',
    script: (r) => (r.turn === 0 && r.connection === 0 ? [OK, { closeAfterMs: 10 }] : [OK]),
    calls: twice,
    pauseMs: 40,
    expect: ['200 ok', '200 ok'],
    connections: 2,
    requests: 2,
  },
  {
    name: 'a reused connection that dies on the next request is replaced once',
    script: (r) => (r.turn === 1 && r.connection === 0 ? ['RESET'] : [OK]),
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 2,
    requests: 3,
  },
  {
    name: 'a reused connection that is closed without a response is replaced once',
    script: (r) => (r.turn === 1 ? ['CLOSE'] : [OK]),
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 2,
    requests: 3,
  },
  {
    name: 'what is not replaceable is not sent twice',
    script: (r) => (r.turn === 1 ? ['RESET'] : [OK]),
    calls: [{}, { replaceable: false }],
    expect: ['200 ok', /^UNIT_RESET .*connection reset/],
    connections: 1,
    requests: 2,
  },
  {
    name: 'a reset of a fresh connection before the first byte is a failure',
    script: () => ['RESET'],
    calls: [{ replaceable: false }],
    expect: [/^UNIT_RESET POST http:\/\/127\.0\.0\.1:\d+\/predict: connection reset$/],
    requests: 1,
  },
  {
    name: 'a reset in the middle of a body',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', { waitMs: 10 }, 'RESET'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a close in the middle of a body',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'CLOSE'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a close in the middle of chunks',
    script: () => [`${chunked}3\r\nabc\r\n`, 'CLOSE'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'chunks, extensions and trailers',
    script: () => [
      `${chunked}3;a=b\r\nabc\r\n`,
      { waitMs: 3 },
      '00002\r\nde\r\n0\r\nx-sum: 1\r\n\r\n',
    ],
    calls: twice,
    expect: ['200 abcde', '200 abcde'],
    connections: 1,
  },
  {
    name: 'chunks cut between any two bytes',
    script: () => [...`${chunked}3\r\nabc\r\n0\r\n\r\n`].flatMap((c) => [c, { waitMs: 0 }]),
    expect: ['200 abc'],
  },
  {
    name: 'an empty chunked body',
    script: () => [`${chunked}0\r\n\r\n`],
    calls: twice,
    expect: ['200 ', '200 '],
    connections: 1,
  },
  {
    name: '201 is a response like any other',
    script: () => ['HTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\nc'],
    expect: ['201 c'],
  },
  {
    name: '204 has no body',
    script: () => ['HTTP/1.1 204 No Content\r\n\r\n'],
    calls: twice,
    expect: ['204 ', '204 '],
    connections: 1,
  },
  {
    name: '304 has no body, whatever its length says',
    script: () => ['HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n'],
    calls: twice,
    expect: ['304 ', '304 '],
    connections: 1,
    referenceDiffers: 'undici waits for the 9 bytes of a POST',
  },
  {
    name: 'redirects are not followed',
    script: () => ['HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n'],
    expect: ['302 '],
    requests: 1,
  },
  {
    name: '1xx responses are passed over',
    script: () => [
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: a\r\n\r\n',
      { waitMs: 2 },
      OK,
    ],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 1,
    referenceDiffers: 'undici refuses 100 without expect',
  },
  {
    name: 'a gzip body stays as it is',
    script: () => [
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzipSync('abc').length}\r\n\r\n`,
        ),
        gzipSync('abc'),
      ]),
    ],
    expect: [`200 ${gzipSync('abc').toString('latin1')}`],
  },
  {
    name: 'a long body in many reads',
    script: () => [
      `HTTP/1.1 200 OK\r\ncontent-length: ${BIG.length}\r\n\r\n`,
      BIG.subarray(0, 1000),
      { waitMs: 3 },
      BIG.subarray(1000),
    ],
    calls: twice,
    expect: [`200 ${BIG}`, `200 ${BIG}`],
    connections: 1,
  },
  {
    name: 'a head cut between any two bytes',
    script: () => [...OK].flatMap((c) => [c, { waitMs: 0 }]),
    calls: twice,
    expect: ['200 ok', '200 ok'],
  },
  {
    name: 'a slow unit is a timeout',
    script: () => [{ waitMs: 300 }, OK],
    calls: [{ timeoutMs: 30 }],
    expect: [/^UNIT_TIMEOUT .*no response within 30 ms$/],
  },
  {
    name: 'a slow body is a timeout',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no', { waitMs: 300 }],
    calls: [{ timeoutMs: 30 }],
    expect: [/^UNIT_TIMEOUT /],
  },
  {
    name: 'a length over the limit',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n', 'x'.repeat(11)],
    calls: [{ maxAnswerBytes: 10 }],
    expect: [/^ANSWER_TOO_LARGE .*over 10 bytes$/],
  },
  {
    name: 'chunks over the limit',
    script: () => [`${chunked}6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n`],
    calls: [{ maxAnswerBytes: 10 }],
    expect: [/^ANSWER_TOO_LARGE /],
  },
  {
    name: 'a body until close over the limit',
    script: () => ['HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(11)],
    calls: [{ maxAnswerBytes: 10 }],
    expect: [/^ANSWER_TOO_LARGE /],
  },
  {
    name: 'a body of exactly the limit',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789'],
    calls: [{ maxAnswerBytes: 10 }],
    expect: ['200 0123456789'],
  },
  {
    name: 'content-length and transfer-encoding',
    script: () => [
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'two different lengths',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a signed length',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nab'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a bad chunk size',
    script: () => [`${chunked}0x3\r\nabc\r\n0\r\n\r\n`],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a chunk longer than its size',
    script: () => [`${chunked}2\r\nabc\r\n0\r\n\r\n`],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'the same length twice',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok'],
    expect: [/^UNIT_RESET .*two content-lengths$/],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a length with 204',
    script: () => ['HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok'],
    expect: [/^UNIT_RESET .*204 with a body$/],
    calls: [{ replaceable: false }],
    referenceDiffers: 'undici passes the length over',
  },
  {
    name: 'a folded header',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-type: a\r\n\tb\r\ncontent-length: 2\r\n\r\nok', OK],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    referenceDiffers: 'undici fails the next call',
  },
  {
    name: 'lines that end with a bare line feed',
    script: () => [OK.replaceAll('\r\n', '\n')],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 1,
    referenceDiffers: 'undici refuses them',
  },
  {
    name: 'bare line feeds, cut between any two bytes',
    script: () => [...OK.replace('\r\n', '\n')].flatMap((c) => [c, { waitMs: 0 }]),
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 1,
    referenceDiffers: 'undici refuses them',
  },
  {
    name: 'a blank behind the size of a chunk',
    script: () => [`${chunked}2 \r\nok\r\n0\t\r\n\r\n`],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 1,
    referenceDiffers: 'undici refuses it',
  },
  {
    name: 'another protocol, by a unit that waits for us to go on',
    script: () => ['SSH-2.0-OpenSSH_9\r\n'],
    expect: [/^UNIT_RESET .*bad status line$/],
    calls: [{ replaceable: false, timeoutMs: 20_000 }],
  },
  {
    name: 'another protocol without a line',
    script: () => [Buffer.from([0x15, 3, 1, 0, 2])],
    expect: [/^UNIT_RESET .*bad status line$/],
    calls: [{ replaceable: false, timeoutMs: 20_000 }],
  },
  {
    name: 'a status line that is none, and no more',
    script: () => ['HTTP/1.1 OK\r\n'],
    expect: [/^UNIT_RESET .*bad status line$/],
    calls: [{ replaceable: false, timeoutMs: 20_000 }],
  },
  {
    name: 'more headers than it may have',
    script: () => [`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(1001)}\r\n`],
    expect: [/^UNIT_RESET .*too many headers$/],
    calls: [{ replaceable: false }],
    referenceDiffers: 'undici counts none',
  },
  {
    name: 'a space before the colon',
    script: () => ['HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'no HTTP at all',
    script: () => ['SSH-2.0-OpenSSH_9\r\n\r\n'],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'a head without an end',
    script: () => [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(140_000)}`],
    expect: [/^UNIT_RESET /],
    calls: [{ replaceable: false }],
  },
  {
    name: 'bytes behind a response close the connection',
    script: () => [`${OK}HTTP/1.1 200 OK\r\n`],
    calls: twice,
    expect: ['200 ok', '200 ok'],
    connections: 2,
    referenceDiffers: 'undici fails the next call',
  },
  {
    name: 'an empty body is sent with its length',
    script: (r) => [/content-length: 0\r\n/.test(r.head) ? OK : 'bad'],
    calls: [{ body: Buffer.alloc(0) }],
    expect: ['200 ok'],
  },
  {
    name: 'a body in pieces is sent whole',
    script: (r) => [`HTTP/1.1 200 OK\r\ncontent-length: ${r.body.length}\r\n\r\n`, r.body],
    calls: [
      { body: [Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')] },
      { body: [BIG, Buffer.from('!')] },
    ],
    expect: ['200 abcd', `200 ${BIG}!`],
  },
  {
    name: 'a unit error passes',
    script: () => ['HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy'],
    expect: ['503 busy'],
  },
];

const CLIENTS: Readonly<Record<string, (port: number) => UnitClient>> = {
  small: (port) =>
    new Http1Client({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      host: `127.0.0.1:${port}`,
    }),
  reference: (port) =>
    new UndiciReference({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      host: `127.0.0.1:${port}`,
    }),
};

for (const [kind, make] of Object.entries(CLIENTS)) {
  for (const row of CASES) {
    if (kind === 'reference' && row.referenceDiffers !== undefined) continue;
    test(`${kind}: ${row.name}`, async (t) => {
      const server = await startRawServer(row.script);
      const client = make(server.port);
      t.after(() => {
        client.close();
        return server.close();
      });
      for (const [i, changes] of (row.calls ?? [{}]).entries()) {
        if (i > 0 && row.pauseMs !== undefined) {
          await new Promise((resolve) => setTimeout(resolve, row.pauseMs));
        }
        // The reference frees its connection a moment after the response.
        await new Promise((resolve) => setImmediate(resolve));
        const said = brief(await callOnce(client, changes));
        const expected = row.expect[i] ?? '';
        if (typeof expected === 'string') assert.equal(said, expected);
        else if (kind === 'small') assert.match(said, expected);
        else assert.equal(said.split(' ')[0], /[A-Z_]+/.exec(expected.source)?.[0]);
      }
      if (row.connections !== undefined) assert.equal(server.connections(), row.connections);
      if (row.requests !== undefined) assert.equal(server.requests.length, row.requests);
    });
  }
}
