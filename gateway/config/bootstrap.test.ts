// Envoy on the gateway's bootstrap: TLS from a folder as a Secret is mounted, shares and copies of requests as configured.
import assert from 'node:assert/strict';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { rest } from '../../envoy/testing/clients.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import { type StubUnit, startUnit } from '../../envoy/testing/units.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { renderPart } from './deployment-part.ts';
import { readServed } from './read-deployment.ts';
import { renderSnapshot } from './snapshot.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
  testGatewayLayout,
} from '../testing/envoy.ts';
import { mountCertificate } from '../testing/certificate.ts';
import { sketchDeployment } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';

const PATH = '/seldon/demo/m/api/v1.0/predictions';
const REQUESTS = 400;

describe("the gateway's Envoy", () => {
  let dir: string;
  let envoy: GatewayEnvoy;
  let server: DiscoveryServer;
  const units: StubUnit[] = [];

  before(async () => {
    dir = await makeTestDir();
    await mountCertificate(dir, 'first.example.com', 1);
    for (const name of ['main', 'canary', 'dark']) units.push(await startUnit(name));
    const layout = {
      ...(await testGatewayLayout(dir)),
      tls: {
        port: await freePort(),
        dir: join(dir, 'tls'),
        secretsPath: join(dir, 'tls-secrets.json'),
      },
    };
    server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
    await server.listen(layout.discoverySocket);
    server.publish(new SnapshotEncoder().encode(renderSnapshot([splitPart(units)])));
    envoy = await startGatewayEnvoy(dir, layout);
    await envoy.ready();
  });
  after(async () => {
    server.close();
    await envoy.stop();
    await Promise.all(units.map((unit) => unit.close()));
    await removeDir(dir);
  });

  test('shares requests by weight and copies a part of them to the shadow', async () => {
    const served = { main: 0, canary: 0, dark: 0 };
    for (let count = 0; count < REQUESTS; count += 1) {
      const response = await rest({ port: envoy.layout.httpPort, path: PATH, body: '{}' });
      assert.equal(response.status, 200);
      served[JSON.parse(response.text).unit as keyof typeof served] += 1;
    }
    assert.equal(served.dark, 0);
    // Six standard deviations about the mean.
    assert.ok(Math.abs(served.canary - REQUESTS * 0.1) < 36, `${served.canary} for the canary`);
    const copies = units[2]?.served() ?? 0;
    assert.ok(Math.abs(copies - REQUESTS * 0.5) < 60, `${copies} copies`);
  });

  test('serves TLS by the files of a Secret, and takes over replaced ones', async () => {
    assert.equal(await subjectOf(envoy.layout.tls?.port ?? 0), 'first.example.com');
    await mountCertificate(dir, 'second.example.com', 2);
    const endMs = performance.now() + 10_000;
    while ((await subjectOf(envoy.layout.tls?.port ?? 0)) !== 'second.example.com') {
      assert.ok(performance.now() < endMs, 'the new certificate is served');
      await delay(50);
    }
  });
});

function splitPart(units: readonly StubUnit[]) {
  const object = sketchDeployment({
    namespace: 'demo',
    name: 'm',
    predictors: [
      { name: 'main', traffic: 90 },
      { name: 'canary', traffic: 10 },
      { name: 'dark', traffic: 50, shadow: true },
    ],
  });
  const { served } = readServed(object);
  assert.ok(served);
  const backends = served.predictors.map(({ service }, at) => ({
    service,
    rest: [{ name: `m-${at}`, ip: '127.0.0.1', port: units[at]?.restPort ?? 0 }],
    grpc: [],
    isPredictor: true,
  }));
  return renderPart(served, backends);
}

function subjectOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: PATH,
        method: 'POST',
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve(String(CN));
          else reject(new Error(`answered ${response.statusCode}`));
        });
      },
    );
    call.on('error', reject);
    call.end('{}');
  });
}
