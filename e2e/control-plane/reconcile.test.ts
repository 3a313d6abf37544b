// The operator on a real API server. No controllers run beside it: where a Deployment must have rolled out, the test says so.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS, PLAN_KEY } from '../../cluster/names.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import {
  applyAsUser,
  conditionLine,
  createNamespace,
  DEPLOYMENT,
  eventually,
  modelOf,
  rollOut,
  runPod,
  SDEP,
  startOperator,
  waitForDeployment,
  waitForState,
} from './operator-harness.ts';

const MAIN = fileURLToPath(new URL('../../operator/process/main.ts', import.meta.url));
const SERVICE = { apiVersion: 'v1', kind: 'Service' } as const;
const EVENT = { apiVersion: 'events.k8s.io/v1', kind: 'Event' } as const;
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;

let api: ApiServer;
let client: KubeClient;

describe('the operator on a real API server', { skip: whyNoKube() }, () => {
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
  });
  after(async () => {
    await client.config.close();
    await api.stop();
  });

  test('a deployment is made, rolls out, and is left alone then', async (t) => {
    const namespace = await freshNamespace('create');
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const deployment = await waitForDeployment(client, namespace, 'iris-main-0-model');
    assert.equal(deployment.metadata.ownerReferences?.[0]?.name, 'iris');
    await waitForState(client, namespace, 'iris', 'Creating');
    await rollOut(client, namespace, 'iris-main-0-model');
    const object = await waitForState(client, namespace, 'iris', 'Available');
    assert.equal(objectOf(statusOf(object)['address'])['url'], addressOf('iris-main', namespace));
    await sleep(500);
    const before_ = await versionsOf(namespace);
    // A change that means nothing leads to a reconcile, and that to no write.
    const label = { ...SDEP, metadata: { name: 'iris', namespace, labels: { touched: 'yes' } } };
    await client.apply(label, { manager: 'other', force: true });
    await sleep(500);
    assert.deepEqual(await versionsOf(namespace), before_);
  });

  test('what somebody changed by hand is put right, and a refused apply is told', async (t) => {
    const namespace = await freshNamespace('drift');
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    await waitForDeployment(client, namespace, 'iris-main-0-model');
    const edit = {
      ...SERVICE,
      metadata: { name: 'iris-main', namespace },
      spec: { selector: { app: 'mine' } },
    };
    const service = { ...SERVICE, namespace, name: 'iris-main' };
    await eventually('there is a Service', () => client.get(service));
    await client.apply(edit, { manager: 'kubectl-edit', force: true });
    await eventually('the selector is what it was', async () => {
      const live = await client.get(service);
      return live !== undefined && objectOf(specOf(live)['selector'])['seldon-app'] === 'iris-main';
    });
    // Something that no check of ours knows: the API server refuses it.
    const broken = modelOf(namespace, 'iris', {
      component: {
        spec: {
          containers: [{ name: 'model', image: 'example/model:1' }],
          hostname: 'No.Host-',
        },
      },
    });
    await applyAsUser(client, broken);
    const failed = await waitForState(client, namespace, 'iris', 'Failed');
    const refusal =
      /^False Refused Kubernetes refuses the Deployment iris-main-0-model: .*hostname/;
    assert.match(conditionLine(failed, 'Ready'), refusal);
    assert.match(conditionLine(failed, 'Applied'), refusal);
    assert.ok(!JSON.stringify(statusOf(failed)).includes('being made'));
    await sleep(500);
    const written = await client.get({ ...SDEP, namespace, name: 'iris' });
    await sleep(1000);
    const later = await client.get({ ...SDEP, namespace, name: 'iris' });
    assert.equal(later?.metadata.resourceVersion, written?.metadata.resourceVersion, 'it is final');
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const again = await waitForState(client, namespace, 'iris', 'Creating');
    assert.equal(conditionLine(again, 'Applied'), 'Applied is missing');
  });

  test('a graph that no webhook saw fails with all that is wrong, and nothing is made', async (t) => {
    const namespace = await freshNamespace('invalid');
    await startOperator(t, api, namespace);
    const graph = { name: 'a', type: 'COMBINER', children: [{ name: 'b' }] };
    await applyAsUser(client, modelOf(namespace, 'wrong', { predictor: { graph, traffic: 7 } }));
    const object = await waitForState(client, namespace, 'wrong', 'Failed');
    const description = textOf(statusOf(object)['description']);
    assert.match(description, /traffic 7/);
    assert.match(description, /no container is named "a"/);
    assert.match(description, /no container is named "b"/);
    assert.equal((await client.list(SERVICE, { namespace })).items.length, 0);
  });

  test('a namespace without the annotation gets words, and everything once it has it', async (t) => {
    const namespace = await freshNamespace('annotate');
    const bare = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await client.apply(bare, { manager: 'test', force: true });
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    await eventually('an event says what to do', async () => {
      const { items } = await client.list(EVENT, { namespace });
      return items.some(({ note }) => /kubectl annotate namespace/.test(String(note)));
    });
    // It may be another operator's: nothing is said on the object itself.
    const object = await client.get({ ...SDEP, namespace, name: 'iris' });
    assert.deepEqual(statusOf(object ?? assert.fail('gone')), {});
    assert.equal((await client.list(DEPLOYMENT, { namespace })).items.length, 0);
    await createNamespace(client, namespace);
    await waitForDeployment(client, namespace, 'iris-main-0-model');
  });

  test('an object of somebody else is never taken', async (t) => {
    const namespace = await freshNamespace('foreign');
    const theirs = {
      ...SERVICE,
      metadata: { name: 'iris-main', namespace },
      spec: { ports: [{ port: 80 }] },
    };
    const made = await client.create(theirs, { manager: 'them' });
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const object = await waitForState(client, namespace, 'iris', 'Failed');
    assert.match(conditionLine(object, 'Ready'), /NameTaken Service iris-main exists/);
    const live = await client.get({ ...SERVICE, namespace, name: 'iris-main' });
    assert.equal(live?.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  test('a plan edit changes the map and annotates the pods, which then serve it', async (t) => {
    const namespace = await freshNamespace('plan');
    const plans = new Map<string, string>();
    await startOperator(t, api, namespace, { plans });
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const deployment = await waitForDeployment(client, namespace, 'iris-main-0-model');
    await rollOut(client, namespace, 'iris-main-0-model');
    const first = await currentPlan(namespace, 'iris', '');
    plans.set('10.1.0.1', first);
    await runPod(client, deployment, 'pod-a', '10.1.0.1');
    await eventually('the pod serves the plan', async () => {
      const counts = await planCounts(namespace, 'iris');
      return counts[first] === 1;
    });
    const beganAt = performance.now();
    const annotations = { 'sidegraph.io/max-body-bytes': '5000' };
    await applyAsUser(client, modelOf(namespace, 'iris', { spec: { annotations } }));
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace, name: 'pod-a' };
    const asked = await eventually('the pod is annotated', async () => {
      const live = await client.get(pod);
      return live?.metadata.annotations?.[ANNOTATIONS.planHash];
    });
    const tookMs = performance.now() - beganAt;
    assert.notEqual(asked, first);
    assert.ok(tookMs < 1000, `annotated after ${Math.round(tookMs)} ms`);
    const maps = (await client.list(CONFIG_MAP, { namespace })).items;
    const map = maps.find(({ metadata }) => metadata.name.startsWith('iris-main-plan-'));
    assert.match(textOf(objectOf(map?.['data'])[PLAN_KEY]), new RegExp(asked));
    // Its kubelet was slow: it is asked again until it serves the plan.
    plans.set('10.1.0.1', asked);
    await eventually('the status counts the new plan', async () => {
      const counts = await planCounts(namespace, 'iris');
      return counts[asked] === 1;
    });
    const live = await client.get({ ...DEPLOYMENT, namespace, name: 'iris-main-0-model' });
    assert.deepEqual(live?.['spec'], deployment['spec'], 'no pod is replaced');
  });

  test('an autoscaler takes over the replicas and gives them back, and they never fall', async (t) => {
    const namespace = await freshNamespace('scale');
    await startOperator(t, api, namespace);
    const ref = { ...DEPLOYMENT, namespace, name: 'iris-main-0-model' };
    const seen: number[] = [];
    const watching = new AbortController();
    await applyAsUser(client, modelOf(namespace, 'iris', { spec: { replicas: 4 } }));
    const made = await waitForDeployment(client, namespace, 'iris-main-0-model');
    const events = await client.watch(DEPLOYMENT, {
      namespace,
      resourceVersion: made.metadata.resourceVersion ?? '',
      signal: watching.signal,
    });
    const watched = (async () => {
      for await (const event of events)
        if (event.type !== 'BOOKMARK') seen.push(Number(specOf(event.object)['replicas']));
    })().catch(() => {});
    await rollOut(client, namespace, 'iris-main-0-model');
    await waitForState(client, namespace, 'iris', 'Available');
    const component = { hpaSpec: { minReplicas: 2, maxReplicas: 9 } };
    await applyAsUser(client, modelOf(namespace, 'iris', { spec: { replicas: 4 }, component }));
    const autoscaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
    const hpa = { ...autoscaler, namespace, name: 'iris-main-0-model' };
    await eventually('there is an autoscaler', () => client.get(hpa));
    await eventually('our manager has let go of the replicas', async () => {
      const live = await client.get(ref);
      const entry = live?.metadata.managedFields?.find(({ manager }) => manager === 'sidegraph');
      return objectOf(objectOf(entry?.fieldsV1)['f:spec'])['f:replicas'] === undefined;
    });
    const scale = { ...DEPLOYMENT, metadata: { name: ref.name, namespace }, spec: { replicas: 7 } };
    await client.patch(ref, { spec: scale.spec }, { type: 'merge', manager: 'autoscaler' });
    await applyAsUser(client, modelOf(namespace, 'iris', { spec: { replicas: 7 } }));
    await eventually('the autoscaler is gone', async () => (await client.get(hpa)) === undefined);
    await eventually('our manager has the replicas again', async () => {
      const live = await client.get(ref);
      const entry = live?.metadata.managedFields?.find(({ manager }) => manager === 'sidegraph');
      return objectOf(objectOf(entry?.fieldsV1)['f:spec'])['f:replicas'] !== undefined;
    });
    watching.abort();
    await watched;
    assert.ok(seen.length > 2, 'the Deployment was written');
    assert.ok(Math.min(...seen) >= 4, `replicas were ${seen.join(', ')}`);
  });

  test('what Seldon made is left alone until it is labelled, and adopted whole then', async (t) => {
    const namespace = await freshNamespace('adopt');
    const object = await applyAsUser(client, modelOf(namespace, 'iris'));
    const made = await client.create(seldonsDeployment(object), { manager: 'manager' });
    await startOperator(t, api, namespace);
    await sleep(1000);
    const ref = { ...DEPLOYMENT, namespace, name: 'iris-main-0-model' };
    const untouched = await client.get(ref);
    assert.equal(untouched?.metadata.resourceVersion, made.metadata.resourceVersion);
    const labels = { 'seldon.io/controller-id': 'sidegraph' };
    await applyAsUser(client, modelOf(namespace, 'iris', { labels }));
    const adopted = await eventually('the engine is gone', async () => {
      const live = await client.get(ref);
      return live !== undefined && !containersOf(live).includes('seldon-container-engine') && live;
    });
    assert.equal(adopted.metadata.uid, made.metadata.uid);
    assert.deepEqual(specOf(adopted)['selector'], specOf(made)['selector']);
    assert.deepEqual(containersOf(adopted), ['model']);
    const managers = adopted.metadata.managedFields?.map(({ manager }) => manager);
    assert.ok(managers?.includes('sidegraph') && !managers.includes('manager'));
  });

  test('a killed operator leaves nothing half done for the next one', async (t) => {
    const namespace = await freshNamespace('kill');
    const names = Array.from({ length: 12 }, (_, index) => `model-${index}`);
    for (const name of names) await applyAsUser(client, modelOf(namespace, name));
    const child = spawn(process.execPath, operatorArguments(namespace), {
      env: { ...process.env, KUBECONFIG: api.kubeconfig },
      stdio: 'ignore',
    });
    await eventually('it has begun', async () => {
      return (await client.list(DEPLOYMENT, { namespace })).items.length > 0;
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const before_ = (await client.list(DEPLOYMENT, { namespace })).items.length;
    // The dead one's Lease is not waited out here: it is gone with its holder.
    await client.remove({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace,
      name: 'operator',
    });
    await startOperator(t, api, namespace, { replica: 'next' });
    for (const name of names) {
      const deployment = `${name}-main-0-model`;
      await waitForDeployment(client, namespace, deployment);
      await eventually(`${name} has a status`, async () => {
        const object = await client.get({ ...SDEP, namespace, name });
        return object !== undefined && objectsOf(statusOf(object)['conditions']).length > 0;
      });
    }
    assert.ok(before_ < names.length, `it was killed in the middle, after ${before_}`);
  });

  test('of two replicas one writes; the other goes on when the Lease is lost', async (t) => {
    const namespace = await freshNamespace('lease');
    const one = await startOperator(t, api, namespace, { replica: 'one' });
    await applyAsUser(client, modelOf(namespace, 'first'));
    await waitForDeployment(client, namespace, 'first-main-0-model');
    const two = await startOperator(t, api, namespace, { replica: 'two' });
    assert.match(await metricsOf(one.healthPort), /leader_election_master_status\{.*\} 1/);
    assert.match(await metricsOf(two.healthPort), /leader_election_master_status\{.*\} 0/);
    // Somebody else writes himself into the Lease and is never heard of again.
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace,
      name: 'operator',
    };
    await client.patch(
      lease,
      { spec: { holderIdentity: 'stranger' } },
      { type: 'merge', manager: 'test' },
    );
    await eventually('nobody leads', async () =>
      /leader_election_master_status\{.*\} 0/.test(await metricsOf(one.healthPort)),
    );
    await applyAsUser(client, modelOf(namespace, 'second'));
    await waitForDeployment(client, namespace, 'second-main-0-model');
    await one.stop();
    await applyAsUser(client, modelOf(namespace, 'third'));
    await waitForDeployment(client, namespace, 'third-main-0-model');
  });

  test('a gateway that follows each version does not make the operator write another', async (t) => {
    const namespace = await freshNamespace('follow');
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    await rollOut(client, namespace, 'iris-main-0-model');
    await waitForState(client, namespace, 'iris', 'Available');
    await acknowledge(namespace, '1', []);
    await applyAsUser(client, modelOf(namespace, 'iris', { predictor: { name: 'other' } }));
    await rollOut(client, namespace, 'iris-other-0-model');
    const versions = new Set<string>();
    for (let turn = 0; turn < 20; turn += 1) {
      const object = await client.get({ ...SDEP, namespace, name: 'iris' });
      const version = object?.metadata.resourceVersion ?? '';
      versions.add(version);
      // It is a version behind, and requests of the old routes are not over.
      await acknowledge(namespace, version, [`${namespace}/iris-main`]);
      await sleep(100);
    }
    assert.ok(versions.size <= 8, `${versions.size} versions in 20 turns`);
    const old = { ...SERVICE, namespace, name: 'iris-main' };
    assert.ok((await client.get(old)) !== undefined, 'it is in use');
    const last = await client.get({ ...SDEP, namespace, name: 'iris' });
    await acknowledge(namespace, last?.metadata.resourceVersion ?? '', []);
    await eventually('the old Service is gone', async () => (await client.get(old)) === undefined);
  });

  test('old objects go when the new ones serve and every gateway has left them', async (t) => {
    const namespace = await freshNamespace('supersede');
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    await rollOut(client, namespace, 'iris-main-0-model');
    await waitForState(client, namespace, 'iris', 'Available');
    await acknowledge(namespace, '1', []);
    await applyAsUser(client, modelOf(namespace, 'iris', { predictor: { name: 'next' } }));
    await waitForDeployment(client, namespace, 'iris-next-0-model');
    await sleep(500);
    const old = { ...DEPLOYMENT, namespace, name: 'iris-main-0-model' };
    assert.ok((await client.get(old)) !== undefined, 'the new one does not serve yet');
    await rollOut(client, namespace, 'iris-next-0-model');
    await waitForState(client, namespace, 'iris', 'Available');
    await sleep(500);
    assert.ok((await client.get(old)) !== undefined, 'the gateway has not seen it');
    await acknowledge(namespace, '999999999', [`${namespace}/iris-main`]);
    await sleep(500);
    assert.ok((await client.get(old)) !== undefined, 'the gateway still uses it');
    await acknowledge(namespace, '999999999', []);
    await eventually(
      'the old Deployment is gone',
      async () => (await client.get(old)) === undefined,
    );
    const service = { ...SERVICE, namespace, name: 'iris-main' };
    await eventually(
      'the old Service is gone',
      async () => (await client.get(service)) === undefined,
    );
  });

  test('the API server restarts, and the operator goes on', async (t) => {
    const namespace = await freshNamespace('restart');
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'before'));
    await waitForDeployment(client, namespace, 'before-main-0-model');
    await api.kill();
    await sleep(2500);
    await api.start();
    await eventually('the API server answers', async () => {
      try {
        await applyAsUser(client, modelOf(namespace, 'behind'));
        return true;
      } catch {
        return false;
      }
    });
    await waitForDeployment(client, namespace, 'behind-main-0-model');
  });
});

async function freshNamespace(name: string): Promise<string> {
  await createNamespace(client, name);
  return name;
}

async function versionsOf(namespace: string): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const kind of [CONFIG_MAP, SERVICE, DEPLOYMENT])
    for (const { metadata } of (await client.list(kind, { namespace })).items)
      versions[`${kind.kind}/${metadata.name}`] = metadata.resourceVersion ?? '';
  return versions;
}

function addressOf(service: string, namespace: string): string {
  return `http://${service}.${namespace}.svc.cluster.local:8000/api/v1.0/predictions`;
}

async function planCounts(namespace: string, name: string): Promise<Record<string, number>> {
  const object = await client.get({ ...SDEP, namespace, name });
  const [predictor] = objectsOf(objectOf(object?.['status'])['predictors']);
  return objectOf(predictor?.['plans']) as Record<string, number>;
}

async function currentPlan(namespace: string, name: string, not: string): Promise<string> {
  return await eventually('the status names a plan', async () => {
    const object = await client.get({ ...SDEP, namespace, name });
    const [predictor] = objectsOf(objectOf(object?.['status'])['predictors']);
    const plan = textOf(predictor?.['plan']);
    return plan !== '' && plan !== not && plan;
  });
}

function containersOf(deployment: KubeObject): readonly string[] {
  const pod = objectOf(objectOf(specOf(deployment)['template'])['spec']);
  return objectsOf(pod['containers']).map((each) => textOf(each['name']));
}

/** As Seldon's operator makes it: an Update by its manager, with the engine in the pod. */
function seldonsDeployment(owner: KubeObject): KubeObject {
  const { name, namespace = '', uid = '' } = owner.metadata;
  const labels = {
    'seldon-deployment-id': name,
    'seldon-app': `${name}-main`,
    'seldon-app-svc-model': `${name}-main-model`,
  };
  const reference = { apiVersion: owner.apiVersion, kind: owner.kind, name, uid };
  return {
    ...DEPLOYMENT,
    metadata: {
      name: `${name}-main-0-model`,
      namespace,
      labels,
      ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, app: `${name}-main-0-model` } },
        spec: {
          containers: [
            { name: 'model', image: 'example/model:1', env: [{ name: 'OLD', value: 'yes' }] },
            { name: 'seldon-container-engine', image: 'example/engine:1' },
          ],
        },
      },
    },
  };
}

async function acknowledge(namespace: string, version: string, inUse: string[]): Promise<void> {
  const metadata = {
    name: 'gateway-a-live',
    namespace,
    labels: { 'sidegraph.io/gateway': 'true' },
    annotations: { 'sidegraph.io/gateway-acknowledged': version },
  };
  const data = { 'in-use.json': JSON.stringify(inUse) };
  await client.apply({ ...CONFIG_MAP, metadata, data }, { manager: 'gateway', force: true });
}

async function metricsOf(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

function operatorArguments(namespace: string): string[] {
  const flags = { namespace, replica: 'child', lease: 'operator', 'health-port': '0' };
  const args = Object.entries({ ...flags, 'watch-namespaces': namespace, workers: '1' });
  return [
    '--disable-warning=ExperimentalWarning',
    MAIN,
    ...args.map(([name, value]) => `--${name}=${value}`),
  ];
}
