// The server over real TLS connections.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KeyPair } from '../certificates/make.ts';
import { LIFETIMES, makeAuthority, makeLeaf } from '../certificates/make.ts';
import type { AdmissionServer } from './server.ts';
import { MAX_BODY_BYTES, startAdmissionServer } from './server.ts';

const REVIEW = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u-1', operation: 'CREATE', namespace: 'demo', name: 'a', object: { a: 1 } },
};

interface HttpResponse {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

/** So long that on a busy machine, too, nobody is turned away for being slow but to make room. */
const TIMEOUTS = { handshakeMs: 120_000, headersMs: 120_000, requestMs: 120_000 };

describe('the admission server', () => {
  let ca: KeyPair;
  let server: AdmissionServer;
  let health: string | undefined;
  const observed: string[] = [];

  before(async () => {
    ca = await makeAuthority(Date.now(), LIFETIMES);
    server = await startAdmissionServer({
      host: '127.0.0.1',
      port: 0,
      certificate: await leaf(),
      health: () => health,
      log: SILENT_LOG,
      timeouts: TIMEOUTS,
      observe: (path, outcome) => observed.push(`${path} ${outcome}`),
      webhooks: {
        '/yes': ({ name }) => ({
          allowed: true,
          warnings: [`hello ${name}`, 'x'.repeat(300)],
          patch: [{ op: 'add', path: '/b', value: 2 }],
        }),
        '/no': () => ({
          allowed: false,
          warnings: [],
          message: 'not this one',
          causes: [{ field: 'spec', message: 'bad' }],
        }),
        '/throws': () => Promise.reject(new Error('a bug')),
      },
    });
  });
  after(() => server.close());

  function leaf(): Promise<KeyPair> {
    return makeLeaf(ca, ['localhost', '127.0.0.1'], Date.now(), LIFETIMES);
  }

  function send(
    path: string,
    body: string | Buffer,
    options: RequestOptions = {},
  ): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: server.port,
          path,
          method: 'POST',
          ca: ca.cert,
          agent: false,
          ...options,
        },
        (response) => {
          const serial = serialOf(response.socket);
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              serial,
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  test('a verdict is answered with the uid of the request, its patch encoded, its warnings cut', async () => {
    const { status, body } = await send('/yes', JSON.stringify(REVIEW));
    assert.equal(status, 200);
    const { response, ...rest } = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual(rest, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
    const { patch, warnings, ...others } = response as Record<string, unknown>;
    assert.deepEqual(others, { uid: 'u-1', allowed: true, patchType: 'JSONPatch' });
    assert.equal(
      Buffer.from(String(patch), 'base64').toString(),
      '[{"op":"add","path":"/b","value":2}]',
    );
    const [first, second] = warnings as string[];
    assert.equal(first, 'hello a');
    assert.ok(Buffer.byteLength(second ?? '') < 256);
  });

  test('a refusal carries its message and its causes', async () => {
    const { body } = await send('/no', JSON.stringify(REVIEW));
    const { response } = JSON.parse(body) as { response: { allowed: boolean; status: object } };
    assert.equal(response.allowed, false);
    assert.deepEqual(response.status, {
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      code: 422,
      reason: 'Invalid',
      message: 'not this one',
      details: { causes: [{ reason: 'FieldValueInvalid', field: 'spec', message: 'bad' }] },
    });
  });

  test('what is no review is refused, and a webhook that throws is a 500', async () => {
    assert.equal((await send('/yes', 'nonsense')).status, 400);
    assert.equal((await send('/yes', '{}')).status, 400);
    assert.equal((await send('/nowhere', JSON.stringify(REVIEW))).status, 404);
    assert.equal((await send('/yes', '', { method: 'GET' })).status, 405);
    assert.equal((await send('/throws', JSON.stringify(REVIEW))).status, 500);
    assert.deepEqual(observed.slice(-1), ['/throws failed']);
  });

  test('a body over the cap is refused, whether its length is told or not', async () => {
    const large = Buffer.alloc(MAX_BODY_BYTES + 1, ' ');
    assert.equal((await send('/yes', large)).status, 413);
    const chunked = { headers: { 'transfer-encoding': 'chunked' } };
    assert.equal((await send('/yes', large, chunked)).status, 413);
  });

  test('callers that send slowly, or nothing, give way to one that does', async () => {
    const sockets: TLSSocket[] = [];
    const open = (): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const to = { host: '127.0.0.1', port: server.port, ca: ca.cert };
        const socket = connect(to, () => resolve(socket));
        // It is closed by the server.
        socket.on('error', reject);
        sockets.push(socket);
      });
    // More idle connections than there may be.
    for (let count = 0; count < 270; count += 1) await open();
    // More bytes than may be held, of bodies that are never whole.
    const slow = await Promise.all(Array.from({ length: 4 }, open));
    for (const socket of slow) {
      const length = `content-length: ${MAX_BODY_BYTES}`;
      socket.write(`POST /yes HTTP/1.1\r\nhost: a\r\n${length}\r\n\r\n`);
      socket.write(Buffer.alloc(MAX_BODY_BYTES - 1, ' '));
    }
    const padded = Buffer.concat([
      Buffer.from(JSON.stringify(REVIEW)),
      Buffer.alloc(MAX_BODY_BYTES / 2, ' '),
    ]);
    for (let count = 0; count < 20; count += 1)
      assert.equal((await send('/yes', padded)).status, 200);
    assert.ok(sockets.filter(({ destroyed }) => destroyed).length > 0);
    for (const socket of sockets) socket.destroy();
  });

  test('health is 200 until there is a reason', async () => {
    assert.equal((await send('/healthz', '', { method: 'GET' })).status, 200);
    health = 'not synced';
    const { status, body } = await send('/healthz', '', { method: 'GET' });
    health = undefined;
    assert.deepEqual([status, body], [503, 'not synced\n']);
  });

  test('a certificate is swapped for new handshakes; an open connection goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.cert });
    const before = await send('/yes', JSON.stringify(REVIEW), { agent });
    server.swap(await leaf());
    const kept = await send('/yes', JSON.stringify(REVIEW), { agent });
    const fresh = await send('/yes', JSON.stringify(REVIEW));
    agent.destroy();
    assert.equal(kept.serial, before.serial);
    assert.notEqual(fresh.serial, before.serial);
    assert.equal(fresh.status, 200);
  });

  test('a client that speaks an old TLS is turned away', async () => {
    const code = await new Promise<string>((resolve) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: server.port,
          ca: ca.cert,
          maxVersion: 'TLSv1.1',
          minVersion: 'TLSv1',
        },
        () => resolve('connected'),
      );
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });
    assert.notEqual(code, 'connected');
  });
});

function serialOf(socket: unknown): string {
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => { serialNumber: string } };
  return getPeerCertificate?.call(socket).serialNumber ?? '';
}
