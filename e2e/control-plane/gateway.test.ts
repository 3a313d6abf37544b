// The gateway's agent against a real API server, with a real Envoy beside it. Slices are written as the control plane's
// controller would write them; the pods behind them are stub units on this machine.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { rest } from '../../envoy/testing/clients.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { findHold, readAcknowledgement } from '../../cluster/acknowledge.ts';
import { askControl, gatewayControlSocket } from '../../gateway/process/control.ts';
import { type Gateway, startGateway } from '../../gateway/process/gateway.ts';
import type { GatewayOptions } from '../../gateway/process/options.ts';
import { gatewayOptions } from '../../gateway/testing/options.ts';
import {
  type GatewayEnvoy,
  makeTestDir,
  removeDir,
  startGatewayEnvoy,
} from '../../gateway/testing/envoy.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Registry } from '../../lib/kube/registry.ts';
import { freePort } from '../harness/ports.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';

const MANAGER = { manager: 'test', force: true } as const;
const NAMESPACE = 'default';
const IP = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address;
const LIVE_TIMEOUT_MS = 15_000;

describe('the gateway on a cluster', { skip: whyNoKube() }, () => {
  let api: ApiServer;
  let client: KubeClient;
  let dir: string;
  let options: GatewayOptions;
  let gateway: Gateway;
  let envoy: GatewayEnvoy;
  let model: Server;

  before(async () => {
    assert.ok(IP, 'the machine has an address that is not loopback');
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
    dir = await makeTestDir();
    model = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.end(JSON.stringify({ url: request.url })));
    });
    await new Promise<void>((resolve) => {
      model.listen(0, IP, resolve);
    });
    options = {
      ...gatewayOptions(),
      host: '127.0.0.1',
      httpPort: await freePort(),
      statusPort: await freePort(),
      runDir: join(dir, 'run'),
      stateDir: join(dir, 'state'),
      accessLogPath: join(dir, 'access.log'),
      accessLog: 'all',
      pod: { name: 'gateway-0', namespace: NAMESPACE, uid: '6d7e8a4e-0000-4000-8000-000000000000' },
      recallMs: 300,
      drain: { leaveMs: 0, finishMs: 1000 },
    };
    gateway = await start();
    envoy = await startGatewayEnvoy(dir, gateway.layout);
    await envoy.ready();
  });
  after(async () => {
    await gateway?.close();
    await envoy?.stop();
    model?.close();
    await api?.stop();
    if (dir !== undefined) await removeDir(dir);
  });

  test('a deployment is served as soon as its predictor has a ready pod, and its route goes first', async () => {
    const applied = await client.apply(deployment('iris', 'p'), MANAGER);
    await client.apply(service(applied, 'iris-p'), MANAGER);
    await until(async () => (await predict('iris')).status === 503, 'no ready pod yet');
    await writeSlice('iris-p', true);
    await until(async () => (await predict('iris')).status === 200, 'the pod is ready');
    assert.equal(JSON.parse((await predict('iris')).text).url, '/api/v1.0/predictions');
    await writeSlice('iris-p', false);
    await until(async () => (await predict('iris')).status === 503, 'the pod left');
    await client.remove({ ...refOf('iris') });
    await until(async () => (await predict('iris')).status === 404, 'the deployment is gone');
  });

  test('a renamed predictor: the old Service serves until the new one can, then it is released', async () => {
    const first = await client.apply(deployment('moved', 'old'), MANAGER);
    await client.apply(service(first, 'moved-old'), MANAGER);
    await writeSlice('moved-old', true);
    await until(async () => (await predict('moved')).status === 200, 'served');
    const load = startLoad('moved');
    const renamed = await client.apply(deployment('moved', 'new'), MANAGER);
    const version = renamed.metadata.resourceVersion ?? '';
    const acknowledgements = async () => {
      const { items } = await client.list(
        { apiVersion: 'v1', kind: 'ConfigMap' },
        { namespace: NAMESPACE, labelSelector: 'sidegraph.io/gateway=true' },
      );
      return items;
    };
    const isFree = async () => {
      const items = await acknowledgements();
      assert.equal(items.length, 1);
      return items.every((map) => {
        const live = readAcknowledgement(map);
        return (
          live !== undefined && findHold(live, version, [`${NAMESPACE}/moved-old`]) === undefined
        );
      });
    };
    // The first one is written a moment after the gateway began to serve.
    await until(async () => (await acknowledgements()).length === 1, 'the gateway acknowledges');
    await until(async () => {
      const list = await served();
      return JSON.parse(list).live.resourceVersion >= version;
    }, 'the rename is live');
    assert.equal(await isFree(), false);
    await client.apply(service(renamed, 'moved-new'), MANAGER);
    await writeSlice('moved-new', true);
    await until(
      async () => JSON.parse(await served()).deployments[0].leftovers.length === 0,
      'moved',
    );
    assert.equal(await isFree(), false, 'requests to the old one may still run');
    await until(isFree, 'the old Service is released');
    const { failed, answered } = await load();
    assert.deepEqual(failed, []);
    assert.ok(answered > 0);
  });

  test('the list says what is served, and the metrics how long a change takes', async () => {
    const list = JSON.parse(await served());
    assert.deepEqual(
      list.deployments.map((each: { path: string }) => each.path),
      ['/seldon/default/moved/'],
    );
    assert.match(await status('/metrics'), /sidegraph_gateway_live_seconds_count [1-9]/);
    assert.equal(await status('/ready'), 'ok\n');
  });

  test('the status port gives no orders and tells nothing of who is served but names and requests', async () => {
    for (const path of ['/', '/drain', '/clusters', '/stats/prometheus', '/server_info', '/served'])
      for (const method of ['GET', 'POST']) {
        const response = await rest({ port: options.statusPort, method, path });
        assert.equal(response.status, method === 'GET' ? 404 : 405, path);
      }
    assert.equal(gateway.notReady(), undefined);
    const others = (await status('/metrics'))
      .split('\n')
      .filter((line) => !line.includes('{deployment_namespace="default",deployment_name="moved"'));
    assert.doesNotMatch(others.join('\n'), /moved|default\//);
  });

  test('without the API server a new agent and a new Envoy serve what was served last', async () => {
    await delay(1000);
    await gateway.close();
    await envoy.stop();
    await api.kill();
    gateway = await start();
    envoy = await startGatewayEnvoy(dir, gateway.layout);
    await envoy.ready();
    assert.equal((await predict('moved')).status, 200);
    assert.equal(gateway.notReady(), undefined);
    await api.start();
    const added = await client.apply(deployment('late', 'p'), MANAGER);
    await client.apply(service(added, 'late-p'), MANAGER);
    await writeSlice('late-p', true);
    await until(async () => (await predict('late')).status === 200, 'changes are followed again');
  });

  test('draining fails readiness and lets requests end', async () => {
    const control = gatewayControlSocket(options.runDir);
    assert.equal(await askControl(control, 'POST', '/drain'), 'drained\n');
    assert.equal(gateway.notReady(), 'draining');
    const response = await predict('moved');
    assert.equal(response.status, 200);
    assert.equal(response.headers.connection, 'close');
  });

  function start(): Promise<Gateway> {
    return startGateway(options, {
      client: new KubeClient(api.config()),
      registry: new Registry(),
      log: SILENT_LOG,
    });
  }

  function predict(name: string) {
    const path = `/seldon/${NAMESPACE}/${name}/api/v1.0/predictions`;
    return rest({ port: options.httpPort, path, body: '{}' });
  }

  async function status(path: string): Promise<string> {
    return (await rest({ port: options.statusPort, method: 'GET', path })).text;
  }

  function served(): Promise<string> {
    return askControl(gatewayControlSocket(options.runDir), 'GET', '/served');
  }

  function startLoad(name: string) {
    const failed: number[] = [];
    let answered = 0;
    let isOver = false;
    const loop = (async () => {
      while (!isOver) {
        const response = await predict(name);
        answered += 1;
        if (response.status !== 200) failed.push(response.status);
        await delay(5);
      }
    })();
    return async () => {
      isOver = true;
      await loop;
      return { failed, answered };
    };
  }

  async function writeSlice(name: string, isReady: boolean): Promise<void> {
    const found = await client.get({
      apiVersion: 'v1',
      kind: 'Service',
      namespace: NAMESPACE,
      name,
    });
    assert.ok(found);
    const { port } = model.address() as AddressInfo;
    await client.apply(
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          namespace: NAMESPACE,
          name: `${name}-slice`,
          labels: {
            ...found.metadata.labels,
            'kubernetes.io/service-name': name,
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Service',
              name,
              uid: found.metadata.uid ?? '',
              controller: true,
            },
          ],
        },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: [
          {
            addresses: [IP],
            conditions: { ready: isReady },
            targetRef: { kind: 'Pod', namespace: NAMESPACE, name: 'stub' },
          },
        ],
      },
      MANAGER,
    );
  }

  function service(owner: KubeObject, name: string): KubeObject {
    const { port } = model.address() as AddressInfo;
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: NAMESPACE,
        name,
        labels: { 'app.kubernetes.io/managed-by': 'seldon-core' },
        ownerReferences: [
          {
            apiVersion: owner.apiVersion,
            kind: owner.kind,
            name: owner.metadata.name,
            uid: owner.metadata.uid ?? '',
            controller: true,
          },
        ],
      },
      spec: {
        selector: { 'seldon-app': name },
        ports: [{ name: 'http', port: 8000, targetPort: port }],
      },
    };
  }
});

function deployment(name: string, predictor: string): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { namespace: NAMESPACE, name },
    spec: {
      annotations: { 'sidegraph.io/deadline-ms': '1000' },
      predictors: [{ name: predictor, graph: { name: 'model' } }],
    },
  };
}

function refOf(name: string) {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    namespace: NAMESPACE,
    name,
  };
}

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + LIVE_TIMEOUT_MS;
  while (performance.now() < endMs) {
    if (await isTrue()) return;
    await delay(20);
  }
  assert.fail(`not within ${LIVE_TIMEOUT_MS} ms: ${what}`);
}
