// Taking over from Seldon's operator while clients go on asking, and handing back: pods with an engine give way to pods with
// sidecars behind the same Service, and the other way round. The commands are those of docs/migrate.md. Seldon's operator is
// played by the control-plane ring's; a program that forwards to the model and ends as the executor does stands in for the engine's
// image. Clients are those of the gateway: the page sends them there first.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KubeClient } from '../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { CONTAINERS } from '../../cluster/names.ts';
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
import type { LoadResult } from './harness/load.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { apply, KUBECONFIG, list, until, whyNoCluster } from './harness/kubectl.ts';
import { podsOf, untilTwoReady } from './harness/pods.ts';

const PAGE = new URL('../../docs/migrate.md', import.meta.url);
const NAMESPACE = 'taken';
const NAME = 'iris';

/** As the executor does, it listens no more from SIGTERM on, without delay, and ends what it has begun. */
const EXECUTOR = `
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true });
let ending = false;
const server = http.createServer((request, response) => {
  if (request.url === '/ready' || request.url === '/live') return response.end();
  const { method, headers } = request;
  const to = { host: '127.0.0.1', port: 9000, path: '/predict', method, headers, agent };
  const call = http.request(to, (answer) => {
    const last = ending ? { connection: 'close' } : {};
    response.writeHead(answer.statusCode, { ...answer.headers, ...last });
    answer.pipe(response);
  });
  call.on('error', () => response.writeHead(500).end());
  request.pipe(call);
});
server.listen(8000);
process.on('SIGTERM', () => {
  ending = true;
  server.close(() => process.exit(0));
});
`;

const STAND: EngineStand = {
  container: {
    image: 'localhost/sidegraph:1',
    command: ['/usr/local/bin/node', '-e', EXECUTOR],
    args: [],
    resources: {},
  },
  volumes: [],
};

describe('taking over under load', { skip: whyNoCluster() }, () => {
  const commands = readCommands(PAGE);
  let client: KubeClient;

  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE, { inject: false });
    process.env['KUBECONFIG'] = KUBECONFIG;
    client = new KubeClient(PooledKubeConfig.load());
    const graph = iris('logistic');
    await apply(NAMESPACE, seldonDeployment(NAME, [{ name: 'main', replicas: 2, graph }]));
    assert.equal(await runSeldonOnce(client, NAMESPACE, NAME, { stand: STAND }), true);
    await settled(ENGINE);
    await answers(NAMESPACE, NAME);
  });
  after(async () => {
    await client?.config.close();
    await deleteNamespace(NAMESPACE);
  });

  test('the engine gives its place to the sidecars, and clients of the gateway notice nothing', async () => {
    const services = await serviceIds();
    const { load } = await underLoad(NAMESPACE, NAME, async () => {
      await runBlock('take-one');
      await settled(CONTAINERS.envoy);
    });
    assertServed(load);
    assert.deepEqual(await serviceIds(), services);
  });

  test('and takes it back', async () => {
    const { load } = await underLoad(NAMESPACE, NAME, async () => {
      // The namespace has no label here; taking it away is no fault.
      await runBlock('back');
      await until('Seldon’s operator writes again', () =>
        runSeldonOnce(client, NAMESPACE, NAME, { stand: STAND }),
      );
      await settled(ENGINE);
    });
    assertServed(load);
  });

  async function runBlock(name: string): Promise<void> {
    const script = commands.get(name) ?? assert.fail(`docs/migrate.md has no block ${name}`);
    const { code, output } = await runScript(script, { KUBECONFIG, NAMESPACE, NAME });
    assert.equal(code, 0, output);
  }
});

/**
 * All but what an executor takes along that closes a kept connection in the moment in which a request comes: such a request may have been
 * read, and so is not sent twice. One in some ten thousand requests; where two cores are shared by everything, requests may take longer than
 * the pod's grace period, and go with it too.
 */
function assertServed({ requests, failures }: LoadResult): void {
  const others = failures.filter(({ text }) => !text.includes('connection termination'));
  assert.deepEqual(others.slice(0, 3), []);
  assert.ok(failures.length <= 1 + requests / 100, `${failures.length} of ${requests} failed`);
}

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
