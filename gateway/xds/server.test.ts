// The discovery server against a real Envoy: routes live, swaps under load, refusals, an agent that comes back.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { loadAll } from 'js-yaml';
import { askAdmin } from '../../envoy/process/admin.ts';
import { grpc, rest } from '../../envoy/testing/clients.ts';
import { type StubUnit, startUnit } from '../../envoy/testing/units.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { DeploymentPart } from '../config/deployment-part.ts';
import { MAX_SHARED_FRAMES, MAX_SHARED_REQUESTS } from '../../envoy/kit/limits.ts';
import { renderSnapshot } from '../config/snapshot.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
  testGatewayLayout,
} from '../testing/envoy.ts';
import { type DeploymentSketch, type PredictorSketch, sketchPart } from '../testing/objects.ts';
import { publishObjects } from '../testing/publish.ts';
import { type Desired, SnapshotEncoder } from './desired.ts';
import { DiscoveryServer } from './server.ts';

const LIVE_TIMEOUT_MS = 10_000;
const HERE = ['127.0.0.1'];
/** With the gateway's grace a deleted cluster goes after that, ms. */
const SHORT_DEADLINE = { 'sidegraph.io/deadline-ms': '200' };

describe('the discovery server', () => {
  const encoder = new SnapshotEncoder();
  let dir: string;
  let one: StubUnit;
  let other: StubUnit;
  let server: DiscoveryServer;
  let envoy: GatewayEnvoy;
  let lives: Desired[] = [];

  before(async () => {
    dir = await makeTestDir();
    one = await startUnit('one');
    other = await startUnit('other');
    const layout = await testGatewayLayout(dir);
    server = await startServer(layout.discoverySocket);
    server.publish(encode([part('first', [{ name: 'p', pods: HERE }])]));
    envoy = await startGatewayEnvoy(dir, layout, 2);
    await envoy.ready();
  });
  after(async () => {
    server.close();
    await envoy.stop();
    await Promise.all([one.close(), other.close()]);
    await removeDir(dir);
  });

  test('serves REST below the prefix, which the model does not see', async () => {
    const response = await predict('first');
    assert.equal(response.status, 200, response.text);
    assert.equal(JSON.parse(response.text).url, '/api/v1.0/predictions');
  });

  test('serves gRPC by the headers seldon and namespace, and only the services of models', async () => {
    const named = { seldon: 'first', namespace: 'demo' };
    const call = (path: string, headers = named) => grpc(envoy.layout.httpPort, path, headers);
    assert.equal((await call('/seldon.protos.Seldon/Predict')).status, 0);
    assert.equal((await call('/inference.GRPCInferenceService/ModelInfer')).status, 0);
    assert.equal((await call('/grpc.health.v1.Health/Check')).status, 12);
    const wrong = await call('/seldon.protos.Seldon/Predict', { ...named, seldon: 'nobody' });
    assert.equal(wrong.status, 12);
    assert.match(wrong.message, /no deployment is served/);
  });

  test('answers with a FAILURE body what it does not serve and what has no ready pod', async () => {
    await live(
      encode([part('first', [{ name: 'p', pods: HERE }]), part('empty', [{ name: 'p' }])]),
    );
    const none = await predict('nobody');
    assert.equal(none.status, 404);
    assert.equal(JSON.parse(none.text).status.status, 'FAILURE');
    const empty = await predict('empty');
    assert.equal(empty.status, 503);
    assert.equal(empty.headers['content-type'], 'application/json');
    assert.equal(empty.headers['retry-after'], '1');
    assert.equal(empty.headers['sidegraph-error'], 'POD_UNAVAILABLE');
    assert.match(JSON.parse(empty.text).status.info, /demo\/empty has no ready pod/);
    const asked = { seldon: 'empty', namespace: 'demo' };
    const call = await grpc(envoy.layout.httpPort, '/seldon.protos.Seldon/Predict', asked);
    assert.equal(call.status, 14);
    assert.match(call.message, /no ready pod/);
    assert.equal(call.headers['sidegraph-error'], 'POD_UNAVAILABLE');
  });

  test('writes one line of JSON for each request', async () => {
    await delay(200);
    const lines = (await envoy.accessLog())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const line = lines.find((each) => each.deployment === 'demo/first' && each.code === 200);
    assert.equal(line.cluster, 'demo/first-p/rest');
  });

  test('a header condition and a host decide between deployments of one name', async () => {
    const conditional = sketchPart(
      {
        namespace: 'demo',
        name: 'london',
        annotations: {
          'seldon.io/ambassador-service-name': 'city',
          'seldon.io/ambassador-header': 'location: london',
          'sidegraph.io/hosts': 'a.example.com',
        },
        predictors: [{ name: 'p', pods: HERE }],
      },
      portsOf(other),
    );
    await live(encode([part('city', [{ name: 'p', pods: HERE }]), conditional]));
    const ask = async (headers: Record<string, string>) =>
      JSON.parse((await predict('city', headers)).text).unit;
    assert.equal(await ask({ location: 'london', host: 'A.example.com:8080' }), 'other');
    assert.equal(await ask({ location: 'paris', host: 'a.example.com' }), 'one');
    assert.equal(await ask({ location: 'london', host: 'b.example.com' }), 'one');
  });

  test('hosts of any number and length are served, letters of any case and any port behind them', async () => {
    const label = 'a-name-of-sixty-three-characters-as-long-as-a-label-may-be-0123'.slice(0, 63);
    const long = `${[label, label, label].join('.')}.${'b'.repeat(49)}.example`.slice(-253);
    const hosts = [
      '*.models.example.com',
      long,
      ...Array.from({ length: 98 }, (_, at) => `host-${at}.some-team.example.com`),
    ];
    const hosted = part('hosted', [{ name: 'p', pods: HERE }], one, {
      'sidegraph.io/hosts': hosts.join(','),
    });
    const header = part('patterned', [{ name: 'p', pods: HERE }], one, {
      'seldon.io/ambassador-regex-header': 'x-team: (red|blue)-[0-9]{1,40}',
    });
    await live(encode([hosted, header]));
    assert.deepEqual(server.refusals, []);
    const ask = async (name: string, headers: Record<string, string>) =>
      (await predict(name, headers)).status;
    for (const host of [
      long,
      `${long}:8080`,
      'HOST-97.Some-Team.example.com',
      'a.b.models.example.com:80',
      'a.MODELS.example.com',
    ])
      assert.equal(await ask('hosted', { host }), 200, host);
    for (const host of [
      'models.example.com',
      'host-97xsome-team.example.com',
      'host-98.some-team.example.com',
      'example.com',
    ])
      assert.equal(await ask('hosted', { host }), 404, host);
    assert.equal(await ask('patterned', { 'x-team': 'blue-17' }), 200);
    assert.equal(await ask('patterned', { 'x-team': 'blue-' }), 404);
    assert.equal(await ask('patterned', {}), 404);
  });

  test('a swap of predictors under load costs no request, and the old clusters go', async () => {
    const sketch = (name: string, unit: StubUnit) =>
      part('swapped', [{ name, pods: HERE }], unit, SHORT_DEADLINE);
    await live(encode([sketch('a', one)]));
    const load = startLoad('swapped');
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g'])
      await live(encode([sketch(name, name < 'd' ? other : one)]));
    await delay(100);
    const { failed, answered } = await load.stop();
    assert.deepEqual(failed, []);
    assert.ok(answered > 10, `${answered} requests`);
    await until(async () => {
      const clusters = await askAdmin(
        envoy.layout.adminSocket,
        '/clusters',
        AbortSignal.timeout(2000),
      );
      return !clusters.includes('demo/swapped-f') && clusters.includes('demo/swapped-g');
    }, 'the old clusters are removed');
  });

  test('the last pod of a predictor leaves after its routes: no request is lost', async () => {
    const main = { name: 'main', traffic: 50, pods: HERE };
    const both = [part('shrunk', [main, { name: 'canary', traffic: 50, pods: HERE }])];
    await live(encode(both));
    const load = startLoad('shrunk');
    for (let round = 0; round < 4; round += 1) {
      await live(encode([part('shrunk', [main, { name: 'canary', traffic: 50 }])]));
      await live(encode(both));
    }
    assert.deepEqual((await load.stop()).failed, []);
  });

  test('what Envoy refuses is told and holds nothing else back; once mended it is taken', async () => {
    const bad = part('bad', [{ name: 'p', pods: ['not-an-address'] }]);
    const good = part('good', [{ name: 'p', pods: HERE }]);
    await live(encode([bad, good]));
    assert.equal((await predict('good')).status, 200);
    assert.deepEqual(server.refusals.map(({ kind, name }) => `${kind} ${name}`).sort(), [
      'endpoints demo/bad-p/grpc',
      'endpoints demo/bad-p/rest',
    ]);
    assert.match(server.refusals[0]?.reason ?? '', /not-an-address/);
    await live(encode([part('bad', [{ name: 'p', pods: HERE }]), good]));
    assert.equal((await predict('bad')).status, 200);
    assert.deepEqual(server.refusals, []);
  });

  test('Envoy takes every golden', async () => {
    const folder = join(import.meta.dirname, '..', 'testdata');
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.in.yaml'))) {
      const text = readFileSync(join(folder, name), 'utf8');
      const { publication } = publishObjects(loadAll(text) as unknown as KubeObject[]);
      await live(encoder.encode(publication.snapshot));
      assert.deepEqual(server.refusals, [], name);
    }
  });

  test('what bounds streams and the connections of many clients is what Envoy runs', async () => {
    const predictors = [{ name: 'p', pods: HERE }];
    const chat = { namespace: 'demo', name: 'chat', protocol: 'openai', predictors };
    await live(encode([sketchPart(chat, portsOf(one))]));
    const signal = AbortSignal.timeout(5000);
    const dump = JSON.parse(await askAdmin(envoy.layout.adminSocket, '/config_dump', signal));
    const route = { cluster: 'demo/chat-p/rest', timeout: '0s', idle_timeout: '301s' };
    assertHolds(dump, route);
    assertHolds(dump, { idle_timeout: '60s', max_requests_per_connection: MAX_SHARED_REQUESTS });
    assertHolds(dump, {
      max_outbound_frames: MAX_SHARED_FRAMES,
      max_outbound_control_frames: MAX_SHARED_FRAMES,
    });
  });

  test('Envoy serves while the agent is away, and takes only what changed when it is back', async () => {
    const still = part('still', [{ name: 'p', pods: HERE }]);
    await live(encode([still]));
    const updates = await countUpdates();
    server.close();
    await delay(100);
    assert.equal((await predict('still')).status, 200);
    lives = [];
    server = await startServer(envoy.layout.discoverySocket);
    server.publish(encode([still]));
    await until(async () => lives.length > 0, 'the agent learns that all is live');
    assert.equal(await countUpdates(), updates);
    await live(encode([still, part('late', [{ name: 'p', pods: HERE }])]));
    assert.equal((await predict('late')).status, 200);
  });

  test('300 deployments are served, and one of them changes alone', async () => {
    const parts = Array.from({ length: 300 }, (_, at) =>
      part(`m-${at}`, [{ name: 'p', pods: HERE }]),
    );
    await live(encode(parts));
    for (const at of [0, 150, 299]) assert.equal((await predict(`m-${at}`)).status, 200);
    parts[150] = part('m-150', [{ name: 'q', pods: HERE }], other);
    await live(encode(parts));
    assert.equal(JSON.parse((await predict('m-150')).text).unit, 'other');
    assert.equal(JSON.parse((await predict('m-151')).text).unit, 'one');
  });

  async function startServer(socket: string): Promise<DiscoveryServer> {
    const started = new DiscoveryServer({
      log: SILENT_LOG,
      onLive: (desired) => lives.push(desired),
    });
    await started.listen(socket);
    return started;
  }

  function portsOf(unit: StubUnit) {
    return { http: unit.restPort, grpc: unit.grpcPort };
  }

  function part(
    name: string,
    predictors: readonly PredictorSketch[],
    unit = one,
    annotations: DeploymentSketch['annotations'] = {},
  ): DeploymentPart {
    return sketchPart({ namespace: 'demo', name, annotations, predictors }, portsOf(unit));
  }

  function encode(parts: readonly DeploymentPart[]): Desired {
    return encoder.encode(renderSnapshot(parts));
  }

  async function live(desired: Desired): Promise<void> {
    server.publish(desired);
    await until(async () => lives.includes(desired), 'the snapshot is live');
  }

  function predict(name: string, headers: Record<string, string> = {}) {
    const path = `/seldon/demo/${name}/api/v1.0/predictions`;
    return rest({ port: envoy.layout.httpPort, path, headers, body: '{}' });
  }

  function startLoad(name: string) {
    const failed: string[] = [];
    let answered = 0;
    let isOver = false;
    const loop = async () => {
      while (!isOver) {
        const response = await predict(name).catch((error: unknown) => ({
          status: 0,
          text: String(error),
        }));
        answered += 1;
        if (response.status !== 200) failed.push(`${response.status} ${response.text}`);
      }
    };
    const loops = [loop(), loop(), loop()];
    return {
      stop: async () => {
        isOver = true;
        await Promise.all(loops);
        return { failed, answered };
      },
    };
  }

  async function countUpdates(): Promise<number> {
    const path = `/stats?filter=${encodeURIComponent('(cds|rds.gateway)\\.update_success')}`;
    const text = await askAdmin(envoy.layout.adminSocket, path, AbortSignal.timeout(2000));
    return [...text.matchAll(/: (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
  }
});

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + LIVE_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (await isTrue()) return;
    await delay(10);
  }
  assert.fail(`not within ${LIVE_TIMEOUT_MS} ms: ${what}`);
}

/** Somewhere in it is an object with these fields. */
function assertHolds(value: unknown, fields: Readonly<Record<string, unknown>>): void {
  const found: unknown[] = [];
  const look = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    const own = Object.fromEntries(Object.entries(each).filter(([key]) => key in fields));
    if (Object.keys(own).length > 0) found.push(own);
    if (!isDeepStrictEqual(own, fields)) Object.values(each).forEach(look);
  };
  look(value);
  assert.ok(
    found.some((each) => isDeepStrictEqual(each, fields)),
    JSON.stringify(found),
  );
}
