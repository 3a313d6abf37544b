// `sidegraph top`, `tap` and `dashboard` against a real API server: what keeps pods from being shown is said with a code and what to do, and
// the rest goes on. There is no kubelet, so no pod can be reached; e2e/cluster has those that can.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serveDashboard } from '../../cli/commands/dashboard/serve.ts';
import { type CommandOutput, sidegraph } from './run-command.ts';
import { CONTAINERS } from '../../cluster/names.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { LiveState, NamespaceState } from '../../sidecar/live/state.ts';
import { readEvents } from '../../cli/cluster/read-events.ts';
import { ask } from '../harness/client.ts';
import type { ApiServer } from '../kube/apiserver.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';

const WRITE = { manager: 'test' };
const NAMESPACE = 'demo';

describe('commands that watch pods, on a real API server', { skip: whyNoKube() }, () => {
  let api: ApiServer;
  let client: KubeClient;
  const configs = new Map<string, string>();
  const as = (user: string, command: string, ...argv: string[]): Promise<CommandOutput> =>
    sidegraph(command, '-n', NAMESPACE, '--kubeconfig', configs.get(user) ?? '', ...argv);

  before(async () => {
    api = await startApiServer({
      users: { nobody: ['none'], reader: ['readers'], watcher: ['watchers'] },
    });
    client = new KubeClient(api.config());
    await applyCrd(client);
    await client.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      WRITE,
    );
    for (const user of ['nobody', 'reader', 'watcher', 'admin']) {
      const file = join(api.dir, `as-${user}`);
      writeFileSync(file, api.config(user).exportConfig());
      configs.set(user, file);
    }
    const list = { apiGroups: [''], resources: ['pods'], verbs: ['list'] };
    const forward = { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] };
    await grant(client, 'readers', [list]);
    await grant(client, 'watchers', [list, forward]);
    await client.create(graph('iris'), WRITE);
    await createPod(client, 'iris', 'iris-main-1');
    await createPod(client, 'iris', 'iris-next-1', { predictor: 'next', injected: false });
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  test('a deployment that is not there is told', async () => {
    const { code, err } = await as('admin', 'top', 'irsi', '--once');
    assert.equal(code, 1);
    assert.match(err, /namespace demo has no SeldonDeployment irsi.*\[DEPLOYMENT_UNKNOWN\]/s);
  });

  test('who may not list pods is told the rule, and the role that has it', async () => {
    for (const argv of [
      ['top', 'iris'],
      ['tap', 'iris'],
      ['top'],
      ['dashboard'],
      ['dashboard', 'iris'],
    ]) {
      const { code, err } = await as('nobody', argv[0] ?? '', ...argv.slice(1));
      assert.equal(code, 1);
      assert.match(err, /cannot list resource "pods"/);
      assert.match(err, /\{apiGroups: \[""\], resources: \[pods\], verbs: \[list\]\}/);
      assert.match(err, /--clusterrole=sidegraph-watch-seldondeployments.*\[CLUSTER_REFUSED\]/);
    }
  });

  test('who may not connect to pods is told that rule, in the words of the API server', async () => {
    const { code, out, err } = await as('reader', 'top', 'iris');
    assert.deepEqual([code, out], [1, '']);
    assert.match(
      err,
      /pods "iris-main-1" is forbidden: User "reader" cannot get resource "pods\/portforward"/,
    );
    assert.match(err, /\(FORWARD_FORBIDDEN\)/);
    assert.match(
      err,
      /resources: \[pods\/portforward\], verbs: \[get, create\].*\[CLUSTER_REFUSED\]/s,
    );
  });

  test('a pod that nobody reaches is told as such', async () => {
    const { code, err } = await as('watcher', 'tap', 'iris', '--once');
    assert.equal(code, 1);
    console.log(err);
    assert.match(
      err,
      /no pod of demo\/iris reports anything: iris-main-1: .*\[LIVE_UNREACHABLE\]/s,
    );
  });

  test('a server that is not there is told', async () => {
    const away = join(api.dir, 'away');
    writeFileSync(away, api.config().exportConfig().replaceAll(api.url, 'https://127.0.0.1:1'));
    const { code, err } = await sidegraph('dashboard', '-n', NAMESPACE, '--kubeconfig', away);
    assert.equal(code, 1);
    assert.match(err, /does not answer.*\[CLUSTER_UNREACHABLE\]/s);
  });

  describe('the dashboard', () => {
    let url: string;
    let port: number;
    let close: () => void;
    before(async () => {
      const reader = new KubeClient(api.config('watcher'));
      const server = await serveDashboard(reader, NAMESPACE, undefined, 0);
      ({ port } = server.address() as AddressInfo);
      url = `http://127.0.0.1:${port}`;
      close = () => {
        server.close();
        server.closeAllConnections();
        void reader.config.close();
      };
    });
    after(() => close());

    /** States until one is as wanted. */
    async function stateThat<T>(path: string, isRight: (state: T) => boolean): Promise<T> {
      const outgoing = new AbortController();
      const signal = AbortSignal.any([outgoing.signal, AbortSignal.timeout(30_000)]);
      const response = await fetch(`${url}${path}`, { signal });
      assert.equal(response.status, 200);
      try {
        for await (const event of readEvents(chunksOf(response))) {
          const state = JSON.parse(event) as T;
          if (isRight(state)) return state;
        }
      } finally {
        outgoing.abort();
      }
      assert.fail('the states ended');
    }

    test('the list has every deployment, and says of what it knows nothing', async () => {
      const state = await stateThat<NamespaceState>('/live', ({ notes }) =>
        notes.some(({ code }) => code === 'POD_UNREACHABLE'),
      );
      assert.equal(state.namespace, NAMESPACE);
      // Without the right to read them their pods say their names.
      assert.deepEqual(
        state.deployments.map(({ name, pods, perSecond }) => [name, pods, perSecond]),
        [['iris', { live: 0, all: 1 }, 0]],
      );
      assert.ok(state.notes.some(({ code }) => code === 'DEPLOYMENT_FORBIDDEN'));
      assert.ok(state.notes.some(({ code }) => code === 'NOT_INJECTED'));
      for (const { advice } of state.notes) assert.notEqual(advice, '');
    });

    test('a deployment has a page of its own, with its pods', async () => {
      const state = await stateThat<LiveState>('/d/iris/live', ({ pods }) =>
        pods.some(({ state: at }) => at === 'silent'),
      );
      assert.deepEqual(
        [state.namespace, state.deployment, state.predictors],
        [NAMESPACE, 'iris', []],
      );
      assert.deepEqual(
        state.pods.map(({ name, predictor, why }) => [name, predictor, why !== '']),
        [
          ['iris-main-1', 'main', true],
          ['iris-next-1', 'next', true],
        ],
      );
    });

    test('one that is not there has a page that says so', async () => {
      const state = await stateThat<LiveState>('/d/nobody/live', () => true);
      assert.deepEqual(
        state.notes.map(({ code }) => code).filter((code) => code !== 'DEPLOYMENT_FORBIDDEN'),
        ['NO_PODS'],
      );
    });

    test('it is read only, for this machine alone, and loads nothing from elsewhere', async () => {
      for (const path of ['/', '/d/iris/', '/page/list.mjs', '/d/iris/page/elements.mjs']) {
        const response = await fetch(`${url}${path}`);
        assert.equal(response.status, 200, path);
        assert.doesNotMatch(await response.text(), /https?:\/\/(?!www\.w3\.org)/);
        assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
      }
      for (const path of ['/d/iris', '/d/..%2f..%2f/', '/d/iris/page/../../x', '/stats', '/d/I/'])
        assert.equal((await fetch(`${url}${path}`)).status, 404, path);
      assert.equal((await fetch(`${url}/live`, { method: 'POST' })).status, 405);
      const foreign = await ask(port, {
        method: 'GET',
        path: '/',
        headers: { host: 'evil.example' },
      });
      assert.equal(foreign.status, 421);
    });

    test('an API server that goes away is told, and one that comes back goes on', async () => {
      const isAway = ({ notes }: NamespaceState) =>
        notes.some(({ code }) => code === 'CLUSTER_AWAY');
      const away = stateThat<NamespaceState>('/live', isAway);
      await stateThat<NamespaceState>('/live', (state) => !isAway(state));
      await api.kill();
      const state = await away;
      assert.ok(state.notes.every(({ message }) => message !== ''));
      const back = stateThat<NamespaceState>(
        '/live',
        (seen) => !isAway(seen) && seen.deployments.length > 0,
      );
      await api.start();
      await back;
    });
  });
});

async function* chunksOf(response: Response): AsyncGenerator<Buffer> {
  for await (const chunk of response.body ?? []) yield Buffer.from(chunk);
}

async function grant(client: KubeClient, group: string, rules: readonly object[]): Promise<void> {
  const metadata = { name: group, namespace: NAMESPACE };
  const api = 'rbac.authorization.k8s.io';
  await client.create({ apiVersion: `${api}/v1`, kind: 'Role', metadata, rules }, WRITE);
  await client.create(
    {
      apiVersion: `${api}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: api, kind: 'Role', name: group },
      subjects: [{ apiGroup: api, kind: 'Group', name: group }],
    },
    WRITE,
  );
}

function graph(name: string): KubeObject {
  const graphOf = { name: 'm', implementation: 'SIMPLE_MODEL' };
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      predictors: [
        { name: 'main', traffic: 75, graph: graphOf },
        { name: 'next', traffic: 25, graph: graphOf },
      ],
    },
  };
}

/** As a kubelet says it of a pod whose sidecars have started. */
async function createPod(
  client: KubeClient,
  deployment: string,
  name: string,
  { predictor = 'main', injected = true } = {},
): Promise<void> {
  const made = await client.create(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: NAMESPACE,
        labels: {
          'sidegraph.io/deployment': deployment,
          'sidegraph.io/predictor': predictor,
          ...(injected ? { 'sidegraph.io/injected': 'true' } : {}),
        },
      },
      spec: { nodeName: 'nowhere', containers: [{ name: 'm', image: 'i' }] },
    },
    WRITE,
  );
  const status = {
    phase: 'Running',
    initContainerStatuses: [
      {
        name: CONTAINERS.filter,
        started: true,
        ready: true,
        restartCount: 0,
        image: 'i',
        imageID: 'i',
      },
    ],
  };
  await client.patch(refOf(made), { status }, { ...WRITE, type: 'merge', subresource: 'status' });
}
