// The live port of a pod, beside a real Envoy: what was sent is what it tells, to so many watchers, on the loopback address alone, and
// nothing is written while nobody looks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { renderPlanFile } from '../../cluster/plan-file.ts';
import { ask } from '../../e2e/harness/client.ts';
import { startLoad } from '../../e2e/harness/load.ts';
import { deployment } from '../../e2e/harness/manifest.ts';
import { freePort } from '../../e2e/harness/ports.ts';
import { type RestUnit, startRestUnit } from '../../e2e/harness/unit.ts';
import type { LiveSample } from '../live/sample.ts';
import { parseLiveSample } from '../live/wire.ts';
import { MAX_POD_WATCHERS } from './live-server.ts';
import { openPod, type TestPod } from './testing/pod.ts';

const ENV = { SIDEGRAPH_DEPLOYMENT: 'test', SIDEGRAPH_PREDICTOR: 'p', POD_NAMESPACE: 'ns' };
const BODY = '{"data":{"ndarray":[[1]]}}';

let units: RestUnit[] = [];
let pod: TestPod;
let port: number;

/** A chain of two units, so that the filter has its part in each request. */
function plan(): string {
  const [scaler, model] = units;
  const manifest = deployment({
    name: 'scaler',
    type: 'TRANSFORMER',
    port: scaler?.port ?? 0,
    children: [{ name: 'model', type: 'MODEL', port: model?.port ?? 0 }],
  });
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'test' });
  const [loaded] = deployments;
  assert.ok(loaded !== undefined, JSON.stringify(findings));
  return renderPlanFile(compileDeployment(loaded, {}), 'test-p-plan-r1');
}

async function startPod(): Promise<void> {
  pod = await openPod(ENV);
  pod.mount(plan());
  pod.startAgent([`--live-port=${port}`]);
  await pod.until('there are files', async () => (await pod.probe('/started')) === 200);
  await pod.startEnvoy();
  await pod.until('it serves', async () => (await pod.probe('/ready')) === 200);
}

/** Samples until `isEnough`. */
async function watch(
  query: string,
  isEnough: (samples: readonly LiveSample[]) => boolean,
): Promise<readonly LiveSample[]> {
  const outgoing = new AbortController();
  const samples: LiveSample[] = [];
  const response = await fetch(`http://127.0.0.1:${port}/live${query}`, {
    signal: AbortSignal.any([outgoing.signal, AbortSignal.timeout(20_000)]),
  });
  assert.equal(response.status, 200);
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const events = `${rest}${Buffer.from(chunk).toString()}`.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const parsed = parseLiveSample(event.slice('data: '.length));
      assert.ok(parsed.kind === 'sample', event);
      samples.push(parsed.sample);
    }
    if (isEnough(samples)) break;
  }
  outgoing.abort();
  return samples;
}

const send = () => ask(pod.port, { body: BODY });
const liveLog = () => join(pod.run, 'live.log');
const countOf = (sample: LiveSample | undefined): number =>
  sample?.reading.servers.get('p')?.get('predictions')?.count ?? 0;

before(async () => {
  units = await Promise.all([1, 2].map(() => startRestUnit(() => ({ body: BODY }))));
});
after(async () => {
  await Promise.all(units.map((unit) => unit.close()));
});

describe('the live port of a pod', () => {
  before(async () => {
    port = await freePort();
    await startPod();
  });
  after(() => pod?.close());

  test('requests come with their calls, and counters with their shape', async () => {
    let sent = 0;
    const samples = await watch('', (all) => {
      if (all.length < 3) {
        sent++;
        void send();
      }
      return all.flatMap(({ requests }) => requests).length >= 2 && countOf(all.at(-1)) >= 2;
    });
    assert.ok(sent >= 2);
    const [sample] = samples;
    assert.deepEqual(
      sample?.shape.predictors.map(({ name, units: rows }) => [name, rows.map((row) => row.name)]),
      [['p', ['scaler', 'model']]],
    );
    const requests = samples.flatMap((each) => each.requests);
    for (const { status, unit, path } of requests)
      assert.deepEqual([status, unit, path], [200, 'model', '/api/v1.0/predictions']);
    assert.ok(requests.some(({ calls }) => calls.some(({ unit }) => unit === 'scaler')));
  });

  test('nothing is written while nobody looks, nor for counters', async () => {
    await sleep(1200);
    const { size } = statSync(liveLog());
    for (let at = 0; at < 10; at++) await send();
    const samples = await watch('?counters', (all) => all.length >= 2);
    await send();
    assert.deepEqual(
      samples.flatMap(({ requests }) => requests),
      [],
    );
    await sleep(1200);
    assert.equal(statSync(liveLog()).size, size);
  });

  test('it is reached by the loopback address alone', async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((each) => each?.family === 'IPv4' && !each.internal)
      .map((each) => each?.address ?? '');
    assert.ok(others.length > 0, 'this machine has another address');
    for (const address of others)
      await assert.rejects(fetch(`http://${address}:${port}/live`), /fetch failed/);
    assert.equal(await pod.probe('/live'), 200, "the status port's own path is another thing");
  });

  test('only reading is offered, to a bounded number of watchers, and to no page from elsewhere', async () => {
    const url = `http://127.0.0.1:${port}`;
    assert.equal((await fetch(`${url}/live`, { method: 'POST' })).status, 405);
    assert.equal((await fetch(`${url}/drain`)).status, 404);
    const foreign = await ask(port, {
      path: '/live',
      method: 'GET',
      headers: { host: 'evil.example' },
    });
    assert.equal(foreign.status, 421);
    const outgoing = new AbortController();
    const open = () => fetch(`${url}/live?counters`, { signal: outgoing.signal });
    const watchers = await Promise.all(Array.from({ length: MAX_POD_WATCHERS }, open));
    assert.ok(watchers.every(({ status }) => status === 200));
    assert.equal((await open()).status, 503);
    outgoing.abort();
    await pod.until('there is room again', async () => {
      const again = new AbortController();
      const { status } = await fetch(`${url}/live?counters`, { signal: again.signal });
      again.abort();
      return status === 200;
    });
  });

  test('lines are bounded under load, and the file is emptied', async () => {
    const load = startLoad(pod.port, 8, BODY);
    const samples = await watch('', (all) => all.length >= 4);
    const { requests } = await load.stop();
    const told = samples.flatMap((each) => each.requests).length;
    assert.ok(told > 0 && told <= 200 * (samples.length + 2), `${told} of ${requests}`);
    assert.ok(statSync(liveLog()).size < 4 * 1024 * 1024);
  });
});

describe('an agent that comes back', () => {
  before(async () => {
    port = await freePort();
    await startPod();
  });
  after(() => pod?.close());

  test('ends what the one before it had switched on', async () => {
    const outgoing = new AbortController();
    await fetch(`http://127.0.0.1:${port}/live`, { signal: outgoing.signal });
    await pod.until('lines are written', async () => {
      await send();
      return readFileSync(liveLog(), 'utf8') !== '';
    });
    const { pids } = await pod.status();
    process.kill(pids.agent, 'SIGKILL');
    pod.startAgent([`--live-port=${port}`]);
    await pod.until('it serves again', async () => (await pod.probe('/ready')) === 200);
    // What Envoy still holds of the time before comes within a second.
    await sleep(1500);
    const { size } = statSync(liveLog());
    for (let at = 0; at < 5; at++) await send();
    await sleep(1200);
    assert.equal(statSync(liveLog()).size, size);
    outgoing.abort();
  });
});

describe('a live port that is taken', () => {
  let other: Server;
  before(async () => {
    port = await freePort();
    other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    await startPod();
  });
  after(async () => {
    await pod?.close();
    other.close();
  });

  test('the pod serves, and says that nobody can look', async () => {
    assert.equal((await send()).status, 200);
    assert.match(pod.log(), /nobody can look at this pod's requests: .*EADDRINUSE/);
  });
});
