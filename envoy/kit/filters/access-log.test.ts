import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { AccessLog } from '../layout.ts';
import { type TestEnvoy, startEnvoy } from '../../testing/envoy.ts';
import { fixtureDeployment, fixturePlan, nativeRoutesTo } from '../../testing/plans.ts';
import { grpc, rest } from '../../testing/clients.ts';
import { type StubUnit, startUnit } from '../../testing/units.ts';

const PREDICT = '/api/v1.0/predictions';
const GRPC_PREDICT = '/seldon.protos.Seldon/Predict';
/** Enough that hardly all of them are the one in a thousand. */
const SUCCESSES = ['well-1', 'well-2', 'well-3'];

let unit: StubUnit;
before(async () => {
  unit = await startUnit('m');
});
after(() => unit?.close());

async function withEnvoy(accessLog: AccessLog, use: (envoy: TestEnvoy) => Promise<void>) {
  const verbs = ['predict', 'send-feedback'] as const;
  const { restPort, grpcPort } = unit;
  const policy = { restTimeoutMs: 3000, grpcTimeoutMs: 200, maxBodyBytes: 1000 };
  const units = [{ name: 'm', verbs, restPort, grpcPort }];
  const plan = fixturePlan('00000000000000aa', units, nativeRoutesTo(0), policy);
  const envoy = await startEnvoy(fixtureDeployment(plan), { accessLog });
  try {
    await use(envoy);
  } finally {
    await envoy.stop();
  }
}

/** The puids that the log names, once it names `last`, which Envoy writes a little later than it answers. */
async function loggedPuids(envoy: TestEnvoy, last: string): Promise<Set<string>> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const text = await readFile(envoy.layout.accessLogPath, 'utf8').catch(() => '');
    const puids = new Set([...text.matchAll(/"puid":"([^"]*)"/g)].map(([, puid = '']) => puid));
    if (puids.has(last) || performance.now() > endMs) return puids;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('by default each kind of failure has a line, and a success has none', async () => {
  await withEnvoy('failures', async (envoy) => {
    const port = envoy.layout.httpPort;
    const ask = (puid: string, mode = '', path = PREDICT, body: string | Buffer = '') =>
      rest({ port, path, body, headers: { 'seldon-puid': puid, 'x-mode': mode } });
    for (const puid of SUCCESSES) assert.equal((await ask(puid)).status, 200);
    assert.equal((await grpc(port, GRPC_PREDICT, { 'seldon-puid': 'well-grpc' })).status, 0);
    assert.equal((await ask('own-400', 'own-400')).status, 400);

    assert.equal((await ask('own-503', 'own-503')).status, 503);
    assert.equal((await ask('reset', 'reset')).status, 500);
    assert.equal((await ask('slow', 'slow-1500')).status, 200);
    assert.equal((await ask('no-route', '', '/nowhere')).status, 404);
    assert.equal((await ask('too-large', '', PREDICT, Buffer.alloc(1001))).status, 413);
    const late = { 'seldon-puid': 'grpc-late', 'x-mode': 'slow' };
    assert.equal((await grpc(port, GRPC_PREDICT, late)).status, 4);
    const own = { 'seldon-puid': 'grpc-own', 'x-mode': 'own-unknown' };
    assert.equal((await grpc(port, GRPC_PREDICT, own)).status, 2);
    await assert.rejects(leave(port, 'client-gone'));
    assert.equal((await ask('last', 'own-503')).status, 503);

    const puids = await loggedPuids(envoy, 'last');
    const failures = ['own-503', 'reset', 'slow', 'no-route', 'too-large', 'grpc-late', 'grpc-own'];
    assert.deepEqual(
      [...failures, 'client-gone'].filter((puid) => !puids.has(puid)),
      [],
    );
    const fine = [...SUCCESSES, 'well-grpc', 'own-400'];
    assert.ok(fine.filter((puid) => puids.has(puid)).length < 2, [...puids].join(' '));
  });
});

/** A client that goes away before its response. */
async function leave(port: number, puid: string): Promise<void> {
  const signal = AbortSignal.timeout(100);
  const headers = { 'seldon-puid': puid, 'x-mode': 'slow' };
  await fetch(`http://127.0.0.1:${port}${PREDICT}`, { method: 'POST', headers, signal });
}

test('all means all, none means none', async () => {
  await withEnvoy('all', async (envoy) => {
    const port = envoy.layout.httpPort;
    for (const puid of SUCCESSES)
      await rest({ port, path: PREDICT, headers: { 'seldon-puid': puid } });
    const puids = await loggedPuids(envoy, SUCCESSES.at(-1) ?? '');
    assert.deepEqual([...puids], SUCCESSES);
  });
  await withEnvoy('none', async (envoy) => {
    const headers = { 'x-mode': 'own-503' };
    assert.equal((await rest({ port: envoy.layout.httpPort, path: PREDICT, headers })).status, 503);
    assert.equal(await readFile(envoy.layout.accessLogPath, 'utf8').catch(() => ''), '');
  });
});
