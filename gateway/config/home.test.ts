// Feedback through the gateway's Envoy comes back to the pod that served its request, and to no other deployment's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { grpc, rest } from '../../envoy/testing/clients.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { makeTestDir, removeDir, startGatewayEnvoy, testGatewayLayout } from '../testing/envoy.ts';
import { sketchDeployment } from '../testing/objects.ts';
import { SnapshotEncoder } from '../xds/desired.ts';
import { DiscoveryServer } from '../xds/server.ts';
import { type DeploymentPart, renderPart } from './deployment-part.ts';
import { readServed } from './read-deployment.ts';
import type { Backend } from './served.ts';
import { renderSnapshot } from './snapshot.ts';

const ROUTER = {
  name: 'r',
  type: 'ROUTER',
  children: [
    { name: 'a', type: 'MODEL' },
    { name: 'b', type: 'MODEL' },
  ],
};

interface Pod {
  readonly name: string;
  readonly ip: string;
  /** What it was asked, over either transport. */
  readonly asked: { path: string; headers: IncomingHttpHeaders }[];
  readonly rest: Server;
  readonly grpc: Http2Server;
}

/** Pods are told apart by addresses of the loopback network. */
async function startPod(name: string, ip: string): Promise<Pod> {
  const asked: Pod['asked'] = [];
  const http = createHttp((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => response.end(JSON.stringify({ by: name })));
  });
  const http2 = createHttp2();
  http2.on('stream', (stream, headers) => {
    asked.push({ path: String(headers[':path']), headers });
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-by': name },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.resume().on('end', () => stream.end());
  });
  for (const server of [http, http2]) await once(server.listen(0, ip), 'listening');
  return { name, ip, asked, rest: http, grpc: http2 };
}

function backendOf(service: string, pods: readonly Pod[]): Backend {
  const at = (server: 'rest' | 'grpc') =>
    pods.map((pod) => ({
      name: pod.name,
      ip: pod.ip,
      port: (pod[server].address() as AddressInfo).port,
    }));
  return { service, rest: at('rest'), grpc: at('grpc'), isPredictor: true };
}

function partOf(
  name: string,
  graph: object,
  backends: Readonly<Record<string, readonly Pod[]>>,
): DeploymentPart {
  const names = Object.keys(backends);
  const object = sketchDeployment({
    namespace: 'demo',
    name,
    predictors: names.map((each, at) => ({ name: each, traffic: at === 0 ? 100 : 0 })),
  }) as KubeObject & { spec: { predictors: { name: string }[] } };
  const predictors = object.spec.predictors.map((each) => ({ ...each, graph }));
  const { served } = readServed({ ...object, spec: { ...object.spec, predictors } } as KubeObject);
  assert.ok(served);
  return renderPart(
    served,
    Object.entries(backends).map(([each, pods]) => backendOf(`${name}-${each}`, pods)),
  );
}

test('feedback that names the pod comes back to it; of one that is gone, to any of that predictor', async () => {
  const dir = await makeTestDir();
  const pods = await Promise.all(
    ['m-0', 'm-1', 'canary-0', 'other-0', 'plain-0'].map((name, at) =>
      startPod(name, `127.0.0.${at + 2}`),
    ),
  );
  const [first, second, canary, other, plain] = pods as [Pod, Pod, Pod, Pod, Pod];
  const layout = await testGatewayLayout(dir);
  const server = new DiscoveryServer({ log: SILENT_LOG, onLive: () => undefined });
  await server.listen(layout.discoverySocket);
  const parts = [
    partOf('m', ROUTER, { main: [first, second], canary: [canary] }),
    partOf('other', ROUTER, { main: [other] }),
    partOf('plain', { name: 'model', type: 'MODEL' }, { main: [plain] }),
  ];
  server.publish(new SnapshotEncoder().encode(renderSnapshot(parts)));
  const envoy = await startGatewayEnvoy(dir, layout);
  const port = layout.httpPort;
  const ask = (name: string, what: string, pod?: string) =>
    rest({
      port,
      path: `/seldon/demo/${name}/api/v1.0/${what}`,
      headers: pod === undefined ? {} : { 'sidegraph-pod': pod },
      body: '{}',
    });
  const by = async (name: string, pod: string): Promise<string> => {
    const { status, text } = await ask(name, 'feedback', pod);
    assert.equal(status, 200, text);
    return (JSON.parse(text) as { by: string }).by;
  };
  try {
    await envoy.ready();
    const served = new Set<string>();
    for (let left = 40; left > 0; left--) {
      const { headers, text } = await ask('m', 'predictions');
      const { by: pod } = JSON.parse(text) as { by: string };
      assert.equal(headers['sidegraph-pod'], `main/${pod}`);
      served.add(pod);
    }
    assert.deepEqual([...served].sort(), ['m-0', 'm-1']);
    for (let left = 20; left > 0; left--)
      for (const pod of [first, second]) {
        assert.equal(await by('m', `main/${pod.name}`), pod.name);
        assert.equal(pod.asked.at(-1)?.headers['sidegraph-pod'], undefined, 'pods do not see it');
        assert.equal(pod.asked.at(-1)?.path, '/api/v1.0/feedback');
      }
    assert.equal(await by('m', 'canary/canary-0'), 'canary-0', 'whatever its share is now');

    const anyOfMain = new Set<string>();
    for (let left = 40; left > 0; left--) anyOfMain.add(await by('m', 'main/gone'));
    assert.deepEqual([...anyOfMain].sort(), ['m-0', 'm-1']);
    for (const pod of [
      'other-0',
      'main/other-0',
      'main/',
      '/',
      'nobody/m-0',
      `main/${'x'.repeat(5000)}`,
    ])
      assert.match(await by('m', pod), /^m-[01]$/, 'pods of others cannot be chosen');
    assert.equal(other.asked.length, 0);

    const plainly = await ask('plain', 'predictions');
    assert.equal(plainly.headers['sidegraph-pod'], undefined, 'nothing is remembered there');
    assert.equal(await by('plain', 'main/plain-0'), 'plain-0');

    const names = { seldon: 'm', namespace: 'demo' };
    const called = await grpc(port, '/seldon.protos.Seldon/Predict', names);
    assert.equal(called.status, 0);
    assert.equal(called.headers['sidegraph-pod'], `main/${String(called.headers['x-by'])}`);
    for (let left = 10; left > 0; left--)
      for (const { name } of [first, second]) {
        const headers = { ...names, 'sidegraph-pod': `main/${name}` };
        const back = await grpc(port, '/seldon.protos.Seldon/SendFeedback', headers);
        assert.equal(back.headers['x-by'], name);
      }
  } finally {
    server.close();
    await envoy.stop();
    for (const pod of pods) {
      pod.rest.close();
      pod.grpc.close();
    }
    await removeDir(dir);
  }
});

test('only deployments whose pods may remember have routes and clusters for it', () => {
  const drawn = { name: 'd', implementation: 'RANDOM_ABTEST', children: ROUTER.children };
  const chain = { name: 't', type: 'TRANSFORMER', children: [{ name: 'm', type: 'MODEL' }] };
  const methods = { name: 'u', methods: ['ROUTE'], children: ROUTER.children };
  for (const [graph, remembers] of [
    [ROUTER, true],
    [drawn, true],
    [methods, true],
    [{ ...chain, children: [ROUTER] }, true],
    [chain, false],
    [{ name: 'm' }, false],
  ] as const) {
    const { rest: routes, clusters } = partOf('m', graph, { main: [] });
    const texts = [JSON.stringify(clusters), JSON.stringify(routes)];
    assert.equal(texts[0]?.includes('lb_subset_config'), remembers, JSON.stringify(graph));
    assert.ok(!texts[1]?.includes('sidegraph.home'), 'without a pod there is none to come home to');
  }
});
