// docs/migrate.md on a real API server: its own commands, from a cluster in which Seldon's operator made everything to one without
// it, and back in between. Seldon's operator is played by seldon-operator.ts, its chart by seldon-chart/.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { main } from '../../cli/main.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { CONTAINERS } from '../../cluster/names.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import {
  applyAsUser,
  conditionLine,
  DEPLOYMENT,
  eventually,
  rollOut,
  SDEP,
  startOperator,
  waitForState,
} from './operator-harness.ts';
import { type CommandResult, readCommands, runScript } from './read-commands.ts';
import { ENGINE, renderSeldonObjects } from './seldon-objects.ts';
import { runSeldonOnce, SELDON_MANAGER } from './seldon-operator.ts';
import { openSeldonWebhook, type SeldonWebhook } from './seldon-webhook.ts';

const PAGE = new URL('../../docs/migrate.md', import.meta.url);
const CHART = fileURLToPath(new URL('seldon-chart', import.meta.url));
const OUR_CHART = fileURLToPath(new URL('../../charts/sidegraph', import.meta.url));
const SERVICE = { apiVersion: 'v1', kind: 'Service' } as const;
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'seldondeployments.machinelearning.seldon.io',
} as const;
const NAMESPACE = 'demo';
/** As long as an operator that has something to do would need. */
const QUIET_MS = 1500;

let api: ApiServer;
let webhook: SeldonWebhook;
let client: KubeClient;
let commands: ReadonlyMap<string, string>;
let asSeldonMade: ReadonlyMap<string, KubeObject>;

test('taking over from Seldon, by docs/migrate.md', { skip: whyNoKube() }, async (t) => {
  t.after(async () => {
    await webhook?.stop();
    await client?.config.close();
    await api?.stop();
  });
  commands = readCommands(PAGE);
  api = await startApiServer();
  client = new KubeClient(api.config());
  webhook = await openSeldonWebhook();
  const install = 'helm install "$SELDON_RELEASE" "$SELDON_CHART" -n "$SELDON_NAMESPACE"';
  await runWell(
    `${install} --create-namespace --set webhook.pod=${webhook.url} --set defaultUserID=1234`,
  );
  await webhook.start(client);
  await eventually('the CRD is served', () => isServed());
  await applyNamespace(NAMESPACE);
  for (const name of ['iris', 'rose']) await applyAsUser(client, twoComponents(name));
  for (const name of ['iris', 'rose'])
    assert.equal(await runSeldonOnce(client, NAMESPACE, name), true);
  asSeldonMade = await readChildren();

  await t.test('the settings of its chart are saved in a form that ours reads', async () => {
    await runBlock('save-values');
    const { output } = await runWell(
      `helm template sidegraph ${OUR_CHART} --namespace sidegraph-system --kube-version 1.34 --values "$SELDON_VALUES" --set controllerId=sidegraph`,
    );
    assert.match(output, /1234/);
  });

  await t.test('1: the CRD leaves the release and stays in the cluster', async () => {
    await runBlock('keep-crd');
    const { output } = await runBlock('check-crd');
    assert.match(output, /^0$/m);
    const crd = await client.get(CRD);
    assert.equal(crd?.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    assert.equal((await client.list(SDEP, { namespace: NAMESPACE })).items.length, 2);
  });

  await t.test('1: its webhook refuses every edit until the pod is restarted', async () => {
    const edit = 'kubectl -n "$NAMESPACE" annotate sdep iris --overwrite touched=once';
    const refused = await eventually('the new authority is known', async () => {
      const result = await run(edit);
      return result.code !== 0 && result;
    });
    assert.match(refused.output, /x509: certificate signed by unknown authority/);
    await runBlock('restart-seldon');
    await eventually('it answers', async () => (await run(edit)).code === 0);
  });

  await t.test('2: with our CRD and operator beside it nothing of Seldon is touched', async () => {
    await applyCrd(client);
    const crd = await client.get(CRD);
    assert.equal(crd?.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    await startOperator(t, api, NAMESPACE);
    await sleep(QUIET_MS);
    assert.deepEqual(versionsOf(await readChildren()), versionsOf(asSeldonMade));
    const iris = await client.get({ ...SDEP, namespace: NAMESPACE, name: 'iris' });
    assert.deepEqual(Object.keys(statusOf(iris ?? assert.fail('gone'))).sort(), SELDON_STATUS);
    const { output } = await runBlock('check-managers');
    assert.match(output, /^iris-main-0-scale: manager$/m);
  });

  await t.test(
    '4: a labelled deployment is adopted: objects stay, the engine goes, sidecars come',
    async () => {
      await runBlock('take-one');
      await adoptedDeployment('iris-main-0-scale');
      assert.equal(await runSeldonOnce(client, NAMESPACE, 'iris'), false);
      for (const name of ['iris-main-0-scale', 'iris-main-1-classifier']) {
        const old = asSeldonMade.get(`Deployment/${name}`);
        const live = await adoptedDeployment(name);
        assert.equal(live.metadata.uid, old?.metadata.uid);
        assert.deepEqual(specOf(live)['selector'], specOf(old ?? assert.fail())['selector']);
        assert.deepEqual(managersOf(live), ['sidegraph']);
        assert.equal(live.metadata.annotations?.['seldon.io/last-applied'], undefined);
        assert.equal(specOf(live)['replicas'], 3);
      }
      const entry = await adoptedDeployment('iris-main-0-scale');
      assert.deepEqual(containersOf(entry), ['scale']);
      assert.deepEqual(sidecarsOf(entry), [CONTAINERS.filter, CONTAINERS.envoy]);
      assert.deepEqual(sidecarsOf(await adoptedDeployment('iris-main-1-classifier')), []);
      for (const name of ['iris-main', 'iris-main-scale', 'iris-main-classifier']) {
        const old = asSeldonMade.get(`Service/${name}`) ?? assert.fail(name);
        const live = await eventually(`Service ${name} is ours`, async () => {
          const found = await client.get({ ...SERVICE, namespace: NAMESPACE, name });
          return found !== undefined && managersOf(found).includes('sidegraph') && found;
        });
        assert.equal(live.metadata.uid, old.metadata.uid);
        for (const field of ['clusterIP', 'selector', 'ports'])
          assert.deepEqual(specOf(live)[field], specOf(old)[field], `${field} of ${name}`);
      }
      const status = statusOf(await waitForState(client, NAMESPACE, 'iris', 'Creating'));
      assert.match(JSON.stringify(status['conditions']), /"TakenOver"|"DeploymentsReady"/);
      for (const name of ['iris-main-0-scale', 'iris-main-1-classifier'])
        await rollOut(client, NAMESPACE, name);
      await waitForState(client, NAMESPACE, 'iris', 'Available');
      const { output } = await runBlock('check-one');
      assert.doesNotMatch(output, /engine/);
      assert.match(output, /condition met/);
    },
  );

  await t.test(
    'what is left of Seldon in the status goes; the deployment beside it is left alone',
    async () => {
      const iris = await waitForState(client, NAMESPACE, 'iris', 'Available');
      assert.doesNotMatch(JSON.stringify(statusOf(iris)), /KedaReady/);
      const rose = [...(await readChildren())].filter(([name]) => name.includes('/rose-'));
      for (const [name, { metadata }] of rose)
        assert.equal(metadata.resourceVersion, asSeldonMade.get(name)?.metadata.resourceVersion);
      assert.equal(await runSeldonOnce(client, NAMESPACE, 'rose'), true);
    },
  );

  await t.test('5: the label of the namespace takes over the rest', async () => {
    // Its autoscaler has scaled it; the number must not fall on the way, were it only for a moment.
    const scaled = { ...DEPLOYMENT, namespace: NAMESPACE, name: 'rose-main-1-classifier' };
    const { metadata } = await client.patch(
      scaled,
      { spec: { replicas: 7 } },
      { type: 'merge', manager: 'kube-controller-manager', subresource: 'scale' },
    );
    const replicas: unknown[] = [];
    const watching = new AbortController();
    const events = await client.watch(DEPLOYMENT, {
      namespace: NAMESPACE,
      fieldSelector: `metadata.name=${scaled.name}`,
      resourceVersion: metadata.resourceVersion ?? '',
      signal: watching.signal,
    });
    const watched = (async () => {
      for await (const event of events)
        if (event.type !== 'BOOKMARK') replicas.push(specOf(event.object)['replicas']);
    })().catch(() => {});
    await runBlock('take-namespace');
    assert.equal(await runSeldonOnce(client, NAMESPACE, 'rose'), false);
    for (const name of ['rose-main-0-scale', 'rose-main-1-classifier']) {
      const live = await adoptedDeployment(name);
      assert.equal(live.metadata.uid, asSeldonMade.get(`Deployment/${name}`)?.metadata.uid);
      await rollOut(client, NAMESPACE, name);
    }
    await waitForState(client, NAMESPACE, 'rose', 'Available');
    watching.abort();
    await watched;
    assert.deepEqual([...new Set(replicas)], [7]);
    const { output } = await runBlock('check-namespace');
    assert.match(output, /rose\b.*Available/);
  });

  await t.test(
    'while another manager keeps writing, nothing is written and the status says so',
    async () => {
      const rose = await client.get({ ...SDEP, namespace: NAMESPACE, name: 'rose' });
      const [wanted] = renderSeldonObjects(rose ?? assert.fail()).deployments;
      const live = await adoptedDeployment('rose-main-0-scale');
      const written = await client.replace(
        { ...live, spec: (wanted ?? assert.fail())['spec'] },
        { manager: SELDON_MANAGER },
      );
      const failed = await waitForState(client, NAMESPACE, 'rose', 'Failed');
      assert.match(
        conditionLine(failed, 'TakenOver'),
        /False Contested .*Deployment\/rose-main-0-scale/,
      );
      await sleep(QUIET_MS);
      const after_ = await client.get({
        ...DEPLOYMENT,
        namespace: NAMESPACE,
        name: live.metadata.name,
      });
      assert.equal(after_?.metadata.generation, written.metadata.generation);
      assert.ok(containersOf(after_ ?? assert.fail()).includes(ENGINE));
    },
  );

  await t.test(
    'a Deployment of another owner is never taken, even one that Seldon made',
    async () => {
      const made = await applyAsUser(client, twoComponents('lily'));
      const lost = {
        ...made,
        metadata: { ...made.metadata, uid: '00000000-0000-4000-8000-000000000000' },
      };
      const [foreign] = renderSeldonObjects(lost).deployments;
      const ref = { ...DEPLOYMENT, namespace: NAMESPACE, name: 'lily-main-0-scale' };
      await client.remove(ref);
      const stored = await client.create(foreign ?? assert.fail(), { manager: SELDON_MANAGER });
      await client.patch(
        { ...SDEP, namespace: NAMESPACE, name: 'lily' },
        { metadata: { annotations: { touched: 'yes' } } },
        { type: 'merge', manager: 'test' },
      );
      const failed = await eventually('the name is taken', async () => {
        const found = await client.get({ ...SDEP, namespace: NAMESPACE, name: 'lily' });
        return found !== undefined && /NameTaken/.test(conditionLine(found, 'NamesFree')) && found;
      });
      assert.match(
        conditionLine(failed, 'NamesFree'),
        /lily-main-0-scale exists and it belongs to/,
      );
      await sleep(QUIET_MS);
      assert.equal(
        (await client.get(ref))?.metadata.resourceVersion,
        stored.metadata.resourceVersion,
      );
      await client.remove({ ...SDEP, namespace: NAMESPACE, name: 'lily' });
    },
  );

  await t.test(
    'back: Seldon has its objects again, and our operator keeps its hands off',
    async () => {
      await runBlock('back');
      for (const name of ['iris', 'rose'])
        assert.equal(await runSeldonOnce(client, NAMESPACE, name), true);
      const given = await readChildren();
      await sleep(QUIET_MS);
      assert.deepEqual(versionsOf(await readChildren()), versionsOf(given));
      for (const [name, old] of asSeldonMade) {
        const live = given.get(name) ?? assert.fail(`${name} is gone`);
        assert.equal(live.metadata.uid, old.metadata.uid);
        if (live.kind !== 'Deployment') continue;
        assert.deepEqual(containersOf(live), containersOf(old));
        assert.deepEqual(sidecarsOf(live), []);
      }
      const { output } = await runBlock('check-back');
      assert.match(output, new RegExp(`^iris-main-0-scale: scale ${ENGINE}$`, 'm'));
      assert.match(output, /condition met/);
    },
  );

  await t.test(
    'back: what we said of it is gone, and sidegraph status says who serves',
    async () => {
      await eventually('the status is withdrawn', async () => {
        const { items } = await client.list(SDEP, { namespace: NAMESPACE });
        return items.every(
          ({ metadata }) => !JSON.stringify(metadata.managedFields).includes('-status"'),
        );
      });
      for (const object of (await client.list(SDEP, { namespace: NAMESPACE })).items) {
        const types = objectsOf(statusOf(object)['conditions']).map(({ type }) => textOf(type));
        assert.deepEqual(types.sort(), ['DeploymentsReady', 'KedaReady', 'Ready']);
        assert.equal(statusOf(object)['predictors'], undefined);
      }
      const { code, out } = await showStatus('demo', 'iris');
      assert.equal(code, 0, out);
      assert.match(
        out,
        /demo\/iris {2}Available[^]*another operator serves it[^]*main {2}100 % {2}serves/,
      );
    },
  );

  await t.test('labelled again at once, all is taken over again', async () => {
    await runWell('kubectl annotate namespace "$NAMESPACE" sidegraph.io/injection=enabled');
    await runBlock('take-each');
    for (const name of ['iris', 'rose']) await adoptedDeployment(`${name}-main-0-scale`);
    await runWell('kubectl -n "$NAMESPACE" label sdep --all seldon.io/controller-id-');
    for (const name of ['iris', 'rose'])
      assert.equal(await runSeldonOnce(client, NAMESPACE, name), true);
    await runWell('kubectl annotate namespace "$NAMESPACE" sidegraph.io/injection-');
  });

  await t.test(
    'a webhook without pods refuses what is not labelled; the label of the namespace is the way out',
    async () => {
      await runWell(
        'helm upgrade "$SELDON_RELEASE" "$SELDON_CHART" -n "$SELDON_NAMESPACE" --reuse-values --set webhook.answers=false',
      );
      const edit = 'kubectl -n "$NAMESPACE" annotate sdep iris --overwrite touched=again';
      const refused = await eventually('the webhook is in place', async () => {
        const result = await run(edit);
        return result.code !== 0 && result;
      });
      assert.match(refused.output, /failed calling webhook "v1\w*\.vseldondeployment\.kb\.io"/);
      assert.notEqual((await run(commands.get('take-one') ?? '')).code, 0);
      await runBlock('take-namespace');
      await eventually('it is out of sight', async () => (await run(edit)).code === 0);
    },
  );

  await t.test(
    '6: uninstalled, Seldon leaves the definition and every SeldonDeployment',
    async () => {
      const { output } = await runBlock('uninstall');
      assert.match(output, /demo\s+iris/);
      assert.notEqual(await client.get(CRD), undefined);
      assert.equal((await client.list(SDEP, { namespace: NAMESPACE })).items.length, 2);
    },
  );

  await t.test('every command of the page was run', () => {
    assert.deepEqual(
      [...commands.keys()].filter((name) => !ran.has(name)),
      [],
    );
  });
});

const HPA = {
  minReplicas: 2,
  maxReplicas: 9,
  metricsv2: [
    {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
    },
  ],
};
const SELDON_STATUS = ['conditions', 'deploymentStatus', 'replicas', 'state'];
const ran = new Set<string>();

async function runBlock(name: string): Promise<CommandResult> {
  const script = commands.get(name) ?? assert.fail(`docs/migrate.md has no block ${name}`);
  ran.add(name);
  return await runWell(script);
}

async function runWell(script: string): Promise<CommandResult> {
  const result = await run(script);
  assert.equal(result.code, 0, `${script}\n${result.output}`);
  return result;
}

function run(script: string): Promise<CommandResult> {
  return runScript(script, {
    KUBECONFIG: api.kubeconfig,
    HELM_CACHE_HOME: join(api.dir, 'helm'),
    HELM_CONFIG_HOME: join(api.dir, 'helm'),
    HELM_DATA_HOME: join(api.dir, 'helm'),
    SELDON_RELEASE: 'seldon-core',
    SELDON_NAMESPACE: 'seldon-system',
    SELDON_CHART: CHART,
    SELDON_VALUES: join(api.dir, 'seldon-values.yaml'),
    NAMESPACE,
    NAME: 'iris',
  });
}

async function showStatus(
  ...argv: string[]
): Promise<{ readonly code: number; readonly out: string }> {
  let out = '';
  const say = (words: string): string => (out += words);
  const io = { out: say, err: say, env: {}, outIsTty: false, errIsTty: false };
  const [namespace = '', name = ''] = argv;
  const where = ['--kubeconfig', api.kubeconfig, '-n', namespace, name];
  return { code: await main(['status', ...where], io), out };
}

async function isServed(): Promise<boolean> {
  const path = '/apis/machinelearning.seldon.io/v1/seldondeployments';
  const call = { method: 'GET', path, isIdempotent: true } as const;
  return (await client.raw(call).catch(() => undefined)) !== undefined;
}

async function applyNamespace(name: string): Promise<void> {
  const how = { manager: 'test', force: true };
  await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, how);
}

/** A transformer in the entry's pod, a model in a pod of its own. */
function twoComponents(name: string): KubeObject {
  const component = (container: string): object => ({
    spec: { containers: [{ name: container, image: `example/${container}:1` }] },
  });
  const child = { name: 'classifier', type: 'MODEL' };
  return {
    ...SDEP,
    metadata: { name, namespace: NAMESPACE },
    spec: {
      predictors: [
        {
          name: 'main',
          replicas: 3,
          graph: { name: 'scale', type: 'TRANSFORMER', children: [child] },
          componentSpecs: [component('scale'), { hpaSpec: HPA, ...component('classifier') }],
        },
      ],
    },
  };
}

/** Deployments and Services of the namespace, by `Kind/name`. */
async function readChildren(): Promise<ReadonlyMap<string, KubeObject>> {
  const found = new Map<string, KubeObject>();
  for (const kind of [DEPLOYMENT, SERVICE])
    for (const object of (await client.list(kind, { namespace: NAMESPACE })).items)
      found.set(`${kind.kind}/${object.metadata.name}`, object);
  return found;
}

function versionsOf(objects: ReadonlyMap<string, KubeObject>): Record<string, string> {
  return Object.fromEntries(
    [...objects].map(([name, { metadata }]) => [name, metadata.resourceVersion ?? '']),
  );
}

async function adoptedDeployment(name: string): Promise<KubeObject> {
  return await eventually(`${name} is adopted`, async () => {
    const live = await client.get({ ...DEPLOYMENT, namespace: NAMESPACE, name });
    if (live === undefined || !managersOf(live).includes('sidegraph')) return false;
    return !containersOf(live).includes(ENGINE) && live;
  });
}

/** Of the object itself, not of its status. */
function managersOf({ metadata }: KubeObject): string[] {
  return (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource === undefined)
    .map(({ manager }) => manager ?? '');
}

function containersOf(deployment: KubeObject): string[] {
  return namesAt(deployment, 'containers');
}

function sidecarsOf(deployment: KubeObject): string[] {
  return namesAt(deployment, 'initContainers');
}

function namesAt(deployment: KubeObject, field: string): string[] {
  const pod = objectOf(objectOf(specOf(deployment)['template'])['spec']);
  return objectsOf(pod[field]).map((each) => textOf(each['name']));
}
