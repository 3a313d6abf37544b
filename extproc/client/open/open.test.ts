// Which way a call takes for each kind of edge, seen from the unit's or the egress socket's side.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Edge } from '../../../graph/plan/plan.ts';
import { encodeField } from '../../../lib/codecs/http2/hpack.ts';
import type { CallResult } from '../../contract/calls.ts';
import { openReferenceClient } from '../testing/open-reference.ts';
import { openClient } from './open.ts';
import { callOnce } from '../testing/calling.ts';
import { answerOk, startH2Server } from '../testing/h2-server.ts';
import { type RawScript, type RawServer, startRawServer } from '../testing/raw-server.ts';

const OPENERS = { small: openClient, reference: openReferenceClient };
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
    const result = await callOnce(client, {
      headers: Buffer.from('x-a: 1\r\n'),
      extra: Buffer.from('x-b: 2\r\n'),
    });
    client.close();
    assert.deepEqual(
      [client.headerForm, result.kind === 'response' && result.status],
      ['http1', 200],
    );
    const [first = '', ...lines] = (server.requests[0]?.head ?? '').split('\r\n');
    assert.equal(first, 'POST /predict HTTP/1.1');
    for (const line of [
      `host: ${EGRESS_HOST}`,
      'x-a: 1',
      'x-b: 2',
      'content-type: application/json',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.equal(String(server.requests[0]?.body), '{"a":1}');
  });

  test(`${kind}: gRPC over egress names the unit as authority, and trailers pass`, async (t) => {
    const { path, remove } = egressPath();
    const server = await startH2Server(
      (r) =>
        answerOk(
          r,
          r.body,
          { 'x-unit': 'm' },
          { 'grpc-status': '0', 'x-after': 'a', 'y-bin': 'AAEC' },
        ),
      { path },
    );
    t.after(async () => {
      await server.close();
      remove();
    });
    const client = open(edgeTo('grpc', 'egress', 1), {
      egressSocket: path,
      egressHost: EGRESS_HOST,
    });
    const result = await callOnce(client, {
      path: '/a.B/C',
      contentType: undefined,
      timeoutMs: 60_000,
    });
    client.close();
    assert.equal(client.headerForm, 'hpack');
    assert.equal(said(result), '0  {"a":1} x-unit,m');
    assert.deepEqual(result.kind === 'response' && result.head.trailers?.(), [
      'x-after',
      'a',
      'y-bin',
      'AAEC',
    ]);
    assert.equal(server.requests[0]?.headers[':authority'], EGRESS_HOST);
    // Envoy would take it for the deadline of the whole request.
    if (kind === 'small') assert.equal(server.requests[0]?.headers['grpc-timeout'], undefined);
  });

  test(`${kind}: gRPC directly is HTTP/2 with the client's metadata as HPACK`, async (t) => {
    const server = await startH2Server((r) => answerOk(r, r.body));
    t.after(() => server.close());
    const client = open(edgeTo('grpc', 'direct', server.port), {
      egressSocket: undefined,
      egressHost: '',
    });
    const result = await callOnce(client, {
      path: '/a.B/C',
      contentType: undefined,
      headers: encodeField('x-a', '1'),
      extra: encodeField('x-b', '2'),
    });
    client.close();
    assert.equal(client.headerForm, 'hpack');
    const { headers } = server.requests[0] ?? assert.fail();
    assert.deepEqual([headers['x-a'], headers['x-b']], ['1', '2']);
    assert.equal(said(result), '0  {"a":1} ');
  });

  test(`${kind}: a unit that is down is named with its address`, async () => {
    const client = open(edgeTo('rest', 'direct', 1), { egressSocket: undefined, egressHost: '' });
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
  const unit = { unit: 0, dialect: 'seldon', model: 'm' } as const;
  return { ...unit, transport, host: '127.0.0.1', port, via, reason: 'test' };
}

async function startEgress(
  t: TestContext,
  script: RawScript,
): Promise<{ server: RawServer; path: string }> {
  const { path, remove } = egressPath();
  const server = await startRawServer(script, path);
  t.after(async () => {
    await server.close();
    remove();
  });
  return { server, path };
}

function egressPath(): { path: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-egress-'));
  return { path: join(dir, 'egress.sock'), remove: () => rmSync(dir, { recursive: true }) };
}

function said(result: CallResult): string {
  if (result.kind === 'failure') return result.text;
  return `${result.status} ${result.grpcMessage} ${result.body} ${result.head.entries().join()}`;
}
