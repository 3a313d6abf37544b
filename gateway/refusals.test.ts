// What Envoy refuses for a reason that nobody foresaw, made by a renderer that puts what it cannot take into the routes, the
// cluster or the endpoints of deployments whose name says so.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EnvoyJson } from '../envoy/kit/json.ts';
import { readNotes } from '../cluster/acknowledge.ts';
import { askControl, gatewayControlSocket } from './process/control.ts';
import { type DeploymentPart, renderPart } from './config/deployment-part.ts';
import { startTestGateway, type TestGateway, until } from './testing/gateway.ts';
import { type DeploymentSketch, sketchDeployment } from './testing/objects.ts';

const BROKEN_ROUTE: EnvoyJson = { name: 'broken', match: { prefix: '/' }, route: { cluster: '' } };

/** Poison is in force while the deployment has retries. */
const renderPoisoned: typeof renderPart = (served, backends) => {
  const part = renderPart(served, backends);
  if (served.retries === null) return part;
  if (served.name.startsWith('bad-routes')) return { ...part, rest: [BROKEN_ROUTE] };
  if (served.name.startsWith('bad-cluster'))
    return { ...part, clusters: part.clusters.map(breakCluster) };
  if (served.name.startsWith('bad-endpoints'))
    return { ...part, clusters: part.clusters.map(breakEndpoints) };
  if (served.name.startsWith('bad-bytes')) throw new TypeError('cannot be put into bytes');
  return part;
};

function breakCluster(each: DeploymentPart['clusters'][number]) {
  return { ...each, cluster: { ...each.cluster, connect_timeout: { seconds: -1 } } };
}

function breakEndpoints(each: DeploymentPart['clusters'][number]) {
  const address = { socket_address: { address: 'nowhere', port_value: 1 } };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
  return { ...each, endpoints: { ...each.endpoints, endpoints } };
}

const sketch = (namespace: string, name: string, poisoned = false): DeploymentSketch => ({
  namespace,
  name,
  annotations: poisoned ? { 'seldon.io/istio-retries': '1' } : {},
  predictors: [{ name: 'p' }],
});

describe('what Envoy refuses', () => {
  let gateway: TestGateway;
  const statusOf = async (namespace: string, name: string) =>
    (await gateway.predict(namespace, name)).status;
  const served = (namespace: string, name: string) =>
    until(async () => (await statusOf(namespace, name)) === 200, `${namespace}/${name} is served`);
  const noteOf = (key: string) => readNotes(gateway.api.applied() ?? EMPTY, key);
  const metrics = async () =>
    (await fetch(`http://127.0.0.1:${gateway.options.statusPort}/metrics`)).text();

  before(async () => {
    gateway = await startTestGateway({
      model: (request, response) => {
        request.resume();
        request.on('end', () => response.end('{}'));
      },
      render: renderPoisoned,
    });
    gateway.deploy(sketch('one', 'first'));
    await served('one', 'first');
  });
  after(() => gateway?.close());

  test('routes: the deployment is left out, the rest is served, and its status and the metrics say so', async () => {
    gateway.deploy(sketch('team', 'bad-routes', true));
    await until(() => noteOf('team/bad-routes') !== '', 'the operator is told');
    assert.match(noteOf('team/bad-routes'), /Envoy refuses it \(.*\); it is not served/);
    assert.equal(await statusOf('team', 'bad-routes'), 404);
    assert.match(await metrics(), /^sidegraph_gateway_refused_deployments 1$/m);
    gateway.deploy(sketch('two', 'after'));
    await served('two', 'after');
    assert.equal(await statusOf('one', 'first'), 200);
    assert.equal(gateway.gateway().notReady(), undefined);
  });

  test('it is tried again when it changes, and what it had is kept when it breaks again', async () => {
    gateway.deploy(sketch('team', 'bad-routes'));
    await served('team', 'bad-routes');
    await until(() => noteOf('team/bad-routes') === '', 'nothing is wrong any more');
    gateway.deploy(sketch('team', 'bad-routes', true));
    await until(() => noteOf('team/bad-routes') !== '', 'the operator is told');
    assert.match(noteOf('team/bad-routes'), /it is served as it was before/);
    assert.equal(await statusOf('team', 'bad-routes'), 200);
  });

  test('requests of the others are answered at each moment of the search', async () => {
    const failed: number[] = [];
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        const status = await statusOf('one', 'first');
        if (status !== 200) failed.push(status);
      }
    })();
    for (let at = 0; at < 30; at += 1)
      gateway.deploy(sketch('many', at % 10 === 3 ? `bad-routes-${at}` : `m-${at}`, at % 10 === 3));
    for (const at of [0, 4, 29]) await served('many', `m-${at}`);
    await until(() => noteOf('many/bad-routes-23') !== '', 'all are found');
    isOver = true;
    await load;
    assert.deepEqual(failed, []);
    for (const at of [3, 13, 23]) assert.equal(await statusOf('many', `bad-routes-${at}`), 404);
  });

  test('a new agent and a new Envoy serve the rest too, with what they know and without', async () => {
    await gateway.restart();
    await served('one', 'first');
    await served('many', 'm-29');
    // What it had before is on disk.
    await served('team', 'bad-routes');
    await until(() => noteOf('many/bad-routes-13') !== '', 'it is told again');
    assert.equal(await statusOf('many', 'bad-routes-13'), 404);
  });

  for (const [kind, words] of [
    ['cluster', /Envoy refuses the clusters of team\/bad-cluster-p/],
    ['endpoints', /Envoy refuses the endpoints of team\/bad-endpoints-p/],
    ['bytes', /cannot be put into bytes/],
  ] as const)
    test(`${kind}: the others are served, and the status says so`, async () => {
      gateway.deploy(sketch('team', `bad-${kind}`, true));
      gateway.deploy(sketch('two', `beside-${kind}`));
      await served('two', `beside-${kind}`);
      await until(() => words.test(noteOf(`team/bad-${kind}`)), 'the operator is told');
      assert.notEqual(await statusOf('team', `bad-${kind}`), 200);
      await gateway.restart();
      await served('one', 'first');
      gateway.deploy(sketch('team', `bad-${kind}`));
      await served('team', `bad-${kind}`);
      await until(() => noteOf(`team/bad-${kind}`) === '', 'nothing is wrong any more');
    });

  test('the list over the control socket names what is left out', async () => {
    const text = await askControl(gatewayControlSocket(gateway.options.runDir), 'GET', '/served');
    const { left } = JSON.parse(text) as { left: { deployment: string }[] };
    assert.ok(
      left.some(({ deployment }) => deployment === 'many/bad-routes-3'),
      text,
    );
  });

  test('a deleted one leaves nothing behind', async () => {
    for (const at of [3, 13, 23])
      gateway.api.remove(sketchDeployment(sketch('many', `bad-routes-${at}`)));
    await until(() => noteOf('many/bad-routes-23') === '', 'the note is gone');
  });
});

const EMPTY = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'none' } };
