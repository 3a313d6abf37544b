// Taking over from Seldon's operator while clients go on asking, and handing back: pods with an engine give way to pods with
// sidecars behind the same Service, and the other way round. The commands are those of docs/migrate.md. Seldon's operator is
// played by the control-plane ring's; an Envoy that forwards to the model stands in for the engine's image.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KubeClient } from '../../operator/kube/client.ts';
import { PooledKubeConfig } from '../../operator/kube/config.ts';
import { CONTAINERS } from '../../operator/names.ts';
import { readCommands, runScript } from '../control-plane/read-commands.ts';
import { ENGINE, type EngineStand } from '../control-plane/seldon-objects.ts';
import { runSeldonOnce } from '../control-plane/seldon-operator.ts';
import {
  answers,
  createNamespace,
  deleteNamespace,
  installChart,
  pause,
  underLoad,
} from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { apply, KUBECONFIG, list, until, whyNoCluster } from './harness/kubectl.ts';
import { podsOf, untilTwoReady } from './harness/pods.ts';

const PAGE = new URL('../../docs/migrate.md', import.meta.url);
const NAMESPACE = 'taken';
const NAME = 'iris';
const ENGINE_FILES = 'engine';

const STAND: EngineStand = {
  container: {
    image: 'localhost/sidegraph-envoy:1',
    args: ['-c', '/etc/engine/envoy.json', '--log-level', 'warning', '--concurrency', '1'],
    volumeMounts: [{ name: ENGINE_FILES, mountPath: '/etc/engine' }],
    resources: {},
    // The executor's own shutdown delay.
    lifecycle: { preStop: { sleep: { seconds: 10 } } },
  },
  volumes: [{ name: ENGINE_FILES, configMap: { name: ENGINE_FILES } }],
};

describe('taking over under load', { skip: whyNoCluster() }, () => {
  const commands = readCommands(PAGE);
  let client: KubeClient;

  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE, { inject: false });
    process.env['KUBECONFIG'] = KUBECONFIG;
    client = new KubeClient(PooledKubeConfig.load());
    const data = { 'envoy.json': JSON.stringify(engineConfig()) };
    const metadata = { name: ENGINE_FILES };
    await apply(NAMESPACE, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    const graph = iris('logistic');
    await apply(NAMESPACE, seldonDeployment(NAME, [{ name: 'main', replicas: 2, graph }]));
    assert.equal(await runSeldonOnce(client, NAMESPACE, NAME, STAND), true);
    await settled(ENGINE);
    await answers(NAMESPACE, NAME);
  });
  after(async () => {
    await client?.config.close();
    await deleteNamespace(NAMESPACE);
  });

  test('the engine gives its place to the sidecars without a failed request', async () => {
    const services = await serviceIds();
    const { load } = await underLoad(NAMESPACE, NAME, async () => {
      await runBlock('take-one');
      await settled(CONTAINERS.envoy);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
    assert.deepEqual(await serviceIds(), services);
  });

  test('and takes it back without one', async () => {
    const { load } = await underLoad(NAMESPACE, NAME, async () => {
      // The namespace has no label here; taking it away is no fault.
      await runBlock('back');
      await until('Seldon’s operator writes again', () =>
        runSeldonOnce(client, NAMESPACE, NAME, STAND),
      );
      await settled(ENGINE);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
  });

  async function runBlock(name: string): Promise<void> {
    const script = commands.get(name) ?? assert.fail(`docs/migrate.md has no block ${name}`);
    const { code, output } = await runScript(script, { KUBECONFIG, NAMESPACE, NAME });
    assert.equal(code, 0, output);
  }
});

/** Two pods with that container, both ready, and no others. */
async function settled(container: string): Promise<void> {
  await untilTwoReady(
    `${NAME} with ${container}`,
    () => podsOf(NAMESPACE, NAME),
    ({ containers }) => containers.includes(container),
  );
  await pause(500);
}

async function serviceIds(): Promise<string[]> {
  const services = await list(NAMESPACE, 'services');
  const found = services
    .map(({ metadata }) => metadata as { name: string; uid: string })
    .filter(({ name }) => name === `${NAME}-main`)
    .map(({ uid }) => uid);
  assert.equal(found.length, 1);
  return found;
}

/** REST on 8000, to the model. */
function engineConfig(): object {
  const type = (name: string): string => `type.googleapis.com/envoy.extensions.${name}`;
  const address = (host: string, port: number): object => ({
    socket_address: { address: host, port_value: port },
  });
  const model = {
    name: 'model',
    type: 'STATIC',
    load_assignment: {
      cluster_name: 'model',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address('127.0.0.1', 9000) } }] }],
    },
  };
  const manager = {
    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'engine',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            { match: { path: '/ready' }, direct_response: { status: 200 } },
            { match: { path: '/live' }, direct_response: { status: 200 } },
            {
              match: { path: '/api/v1.0/predictions' },
              route: {
                cluster: 'model',
                prefix_rewrite: '/predict',
                retry_policy: { retry_on: 'connect-failure,reset' },
              },
            },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': type('filters.http.router.v3.Router') },
      },
    ],
  };
  const chain = { name: 'envoy.filters.network.http_connection_manager', typed_config: manager };
  return {
    static_resources: {
      listeners: [
        {
          name: 'engine',
          address: address('0.0.0.0', 8000),
          filter_chains: [{ filters: [chain] }],
        },
      ],
      clusters: [model],
    },
  };
}
