// Which way a call takes for each kind of edge, seen from the unit's or the egress socket's side.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Edge } from '../../graph/plan.ts';
import type { CallResult } from '../calls.ts';
import { openTwinClient } from './open-twin.ts';
import { openClient } from './open.ts';
import { callOnce } from './testing/calling.ts';
import { answerOk, framed, startH2Server } from './testing/h2-server.ts';
import { type RawScript, type RawServer, startRawServer } from './testing/raw-server.ts';

const OPENERS = { small: openClient, twin: openTwinClient };
const EGRESS_HOST = 'm.default.grpc.sidegraph';

for (const [kind, open] of Object.entries(OPENERS)) {
  test(`${kind}: REST over egress names the unit as host`, async (t) => {
    const { server, path } = await startEgress(t, () => [
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    ]);
    const client = open(edgeTo('rest', 'egress', 1), {
      egressSocket: path,
      egressHost: EGRESS_HOST,
    });
    const result = await callOnce(client, { headers: Buffer.from('x-a: 1\r\n') });
    client.close();
    assert.deepEqual(
      [client.headerForm, result.kind === 'answer' && result.status],
      ['http1', 200],
    );
    const [first = '', ...lines] = (server.requests[0]?.head ?? '').split('\r\n');
    assert.equal(first, 'POST /predict HTTP/1.1');
    for (const line of [`host: ${EGRESS_HOST}`, 'x-a: 1', 'content-type: application/json']) {
      assert.ok(lines.includes(line), line);
    }
    assert.equal(String(server.requests[0]?.body), '{"a":1}');
  });

  test(`${kind}: gRPC over egress is a framed body, and the end is in the headers`, async (t) => {
    const answer = framed('pong');
    const { server, path } = await startEgress(t, (r) => [
      r.turn === 0
        ? Buffer.concat([
            Buffer.from(
              `HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\nx-unit: m\r\ngrpc-status: 0\r\ncontent-length: ${answer.length}\r\n\r\n`,
            ),
            answer,
          ])
        : 'HTTP/1.1 200 OK\r\ngrpc-status: 14\r\ngrpc-message: no%20way\r\ncontent-length: 0\r\n\r\n',
    ]);
    const client = open(edgeTo('grpc', 'egress', 1), {
      egressSocket: path,
      egressHost: EGRESS_HOST,
    });
    const good = await callOnce(client, {
      path: '/a.B/C',
      contentType: null,
      body: Buffer.from('ping'),
    });
    assert.equal(client.headerForm, 'http1');
    assert.equal(said(good), '0  pong x-unit,m');
    assert.match(server.requests[0]?.head ?? '', /content-type: application\/grpc\r\n/);
    assert.deepEqual(server.requests[0]?.body, framed('ping'));
    await new Promise((resolve) => setImmediate(resolve));
    const refused = await callOnce(client, { path: '/a.B/C', contentType: null });
    assert.equal(said(refused), '14 no way  ');
    client.close();
  });

  test(`${kind}: gRPC straight is HTTP/2 with the client's metadata as HPACK`, async (t) => {
    const server = await startH2Server((r) => answerOk(r, r.body));
    t.after(() => server.close());
    const client = open(edgeTo('grpc', 'straight', server.port), {
      egressSocket: null,
      egressHost: '',
    });
    const result = await callOnce(client, { path: '/a.B/C', contentType: null });
    client.close();
    assert.equal(client.headerForm, 'hpack');
    assert.equal(said(result), '0  {"a":1} ');
  });

  test(`${kind}: a unit that is down is named with its address`, async () => {
    const client = open(edgeTo('rest', 'straight', 1), { egressSocket: null, egressHost: '' });
    const result = await callOnce(client);
    client.close();
    assert.deepEqual(result, {
      kind: 'failure',
      code: 'UNIT_UNREACHABLE',
      text: 'POST http://127.0.0.1:1/predict: connection refused',
    });
  });
}

function edgeTo(transport: Edge['transport'], via: Edge['via'], port: number): Edge {
  return { unit: 0, transport, host: '127.0.0.1', port, via, reason: 'test' };
}

async function startEgress(
  t: TestContext,
  script: RawScript,
): Promise<{ server: RawServer; path: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-egress-'));
  const path = join(dir, 'egress.sock');
  const server = await startRawServer(script, path);
  t.after(async () => {
    await server.close();
    rmSync(dir, { recursive: true });
  });
  return { server, path };
}

function said(result: CallResult): string {
  if (result.kind === 'failure') return result.text;
  return `${result.status} ${result.grpcMessage} ${result.body} ${result.head.entries().join()}`;
}
