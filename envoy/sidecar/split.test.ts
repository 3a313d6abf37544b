import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DeploymentPlan, NativeTarget } from '../../graph/plan/plan.ts';
import { grpc, rest, say } from '../testing/clients.ts';
import { type TestEnvoy, startEnvoy } from '../testing/envoy.ts';
import { fixturePlan, nativeRoutesTo } from '../testing/plans.ts';
import { type Echo, type StubUnit, startUnit } from '../testing/units.ts';

const PREDICT = '/api/v1.0/predictions';
const REQUESTS = 300;

let stubs: StubUnit[];
let envoy: TestEnvoy;

function unitOf(name: string) {
  const stub = stubs[['a', 'b', 'c', 'd'].indexOf(name)];
  assert.ok(stub);
  const verbs = ['predict', 'send-feedback'] as const;
  return { name, verbs, restPort: stub.restPort, grpcPort: stub.grpcPort };
}

/** Main draws between a and b, canary is c alone, shadow d gets a copy of everything. */
function deployment(): DeploymentPlan {
  const targets: NativeTarget[] = [
    { unit: 0, verb: 'predict', weight: 500_000, routing: '{"ab":0}' },
    { unit: 1, verb: 'predict', weight: 500_000, routing: '{"ab":1}' },
  ];
  const drawn = { kind: 'native', reason: 'a draw', targets } as const;
  const routes = { ...nativeRoutesTo(0), 'predict-rest': drawn };
  const main = fixturePlan('0000000000000001', [unitOf('a'), unitOf('b')], routes, {}, 'main');
  const canary = fixturePlan('0000000000000002', [unitOf('c')], nativeRoutesTo(0), {}, 'canary');
  const shadow = fixturePlan('0000000000000003', [unitOf('d')], nativeRoutesTo(0), {}, 'shadow');
  return {
    deployment: 'test-deployment',
    namespace: 'test-namespace',
    predictors: [
      { plan: main, traffic: 80, shadow: false },
      { plan: canary, traffic: 20, shadow: false },
      { plan: shadow, traffic: 100, shadow: true },
    ],
  };
}

before(async () => {
  stubs = await Promise.all(['a', 'b', 'c', 'd'].map(startUnit));
  envoy = await startEnvoy(deployment());
});

after(async () => {
  await envoy?.stop();
  await Promise.all((stubs ?? []).map((stub) => stub.close()));
});

test('predictors share the requests by weight, draws inside one are fresh, shadows get copies', async () => {
  const port = envoy.layout.httpPort;
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
  const before = stubs[3]?.served() ?? 0;
  for (let sent = 0; sent < REQUESTS; sent += 20) {
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => rest({ port, path: `${PREDICT}?n=1`, body: '{}' })),
    );
    for (const response of responses) {
      assert.equal(response.status, 200, response.text);
      const { unit, url } = JSON.parse(response.text) as Echo;
      assert.equal(url, '/predict?n=1');
      const routing = { a: '{"ab":0}', b: '{"ab":1}' }[unit];
      assert.equal(response.headers['seldon-routing'], routing);
      counts[unit] = (counts[unit] ?? 0) + 1;
    }
  }
  // Shares 40, 40, 20 percent; five standard deviations are 14 percent.
  for (const [unit, share] of Object.entries({ a: 0.4, b: 0.4, c: 0.2 })) {
    const seen = (counts[unit] ?? 0) / REQUESTS;
    assert.ok(Math.abs(seen - share) < 0.15, `${unit}: ${seen} instead of ${share}`);
  }
  await until(() => (stubs[3]?.served() ?? 0) - before >= REQUESTS);
  assert.equal((stubs[3]?.served() ?? 0) - before, REQUESTS);
});

test('gRPC goes through the split with its trailers', async () => {
  const called = await grpc(envoy.layout.grpcPort, '/seldon.protos.Seldon/Predict');
  assert.deepEqual([called.status, called.bytes], [0, 15]);
});

test('the copy carries the puid that the client is answered with', async () => {
  const response = await rest({ port: envoy.layout.httpPort, path: PREDICT });
  const { headers } = JSON.parse(response.text) as Echo;
  assert.equal(response.headers['seldon-puid'], headers['seldon-puid']);
});

test('a host that HTTP/2 between the listeners has no form for is served, and copied, all the same', async () => {
  for (const host of ['', 'user@a']) {
    const before = stubs[3]?.served() ?? 0;
    const response = await say(
      envoy.layout.httpPort,
      `POST ${PREDICT} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
    );
    assert.match(response, /^HTTP\/1\.1 200 /, host);
    await until(() => stubs[3]?.served() !== before);
    assert.equal(stubs[3]?.served(), before + 1, 'a copy for the shadow');
  }
});

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 3000;
  while (!holds() && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
