// Two operators in one cluster, neither of which the other can tell anything: what is made while both run, one that does not look at the
// label of the namespace, a label without the annotation. Seldon's operator runs all the time here, as it would.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from '../../operator/observe/fields.ts';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import { applyAsUser, conditionLine, DEPLOYMENT, eventually } from './operator-harness.ts';
import { modelOf, rollOut, SDEP, startOperator, waitForState } from './operator-harness.ts';
import { readCommands, runScript } from './read-commands.ts';
import { ENGINE } from './seldon-objects.ts';
import { type RunningSeldon, type SeldonSettings, startSeldon } from './seldon-operator.ts';

const PAGE = new URL('../../docs/migrate.md', import.meta.url);
const EVENT = { apiVersion: 'events.k8s.io/v1', kind: 'Event' } as const;
const SERVICE = { apiVersion: 'v1', kind: 'Service' } as const;
const NAME = 'iris-main-0-model';
/** Longer than an operator that has something to do would need, and than the API server's seconds. */
const QUIET_MS = 3000;

let api: ApiServer;
let client: KubeClient;
const commands = readCommands(PAGE);

describe('beside an operator that goes on', { skip: whyNoKube() }, () => {
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
  });
  after(async () => {
    await client?.config.close();
    await api?.stop();
  });

  test('what is made in a namespace that nobody handed over keeps the status of whoever serves it', async (t) => {
    const namespace = await makeNamespace('fresh');
    // What an earlier version said of every such object.
    await applyAsUser(client, modelOf(namespace, 'old'));
    const conditions = [{ type: 'Ready', status: 'False', reason: 'NamespaceNotAnnotated' }];
    const { apiVersion, kind } = SDEP;
    await client.apply(
      {
        apiVersion,
        kind,
        metadata: { name: 'old', namespace },
        status: { state: 'Creating', predictors: [], conditions },
      },
      { manager: FIELD_MANAGERS.status, force: true, subresource: 'status' },
    );
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    await eventually('ours has seen it first', async () => {
      const { items } = await client.list(EVENT, { namespace });
      return items.filter(({ reason }) => reason === 'NamespaceNotAnnotated').length === 2;
    });
    await eventually('what was said of it is withdrawn', async () => {
      return Object.keys(statusOf(await get(namespace, 'old'))).length === 0;
    });
    run(t, namespace);
    for (const name of ['iris', 'old']) {
      const wait = `kubectl -n ${namespace} wait sdep ${name} --for=condition=Ready --timeout=20s`;
      const { code, output } = await script(wait, namespace);
      assert.equal(code, 0, output);
    }
    await sleep(QUIET_MS);
    for (const name of ['iris', 'old']) {
      const object = await get(namespace, name);
      assert.deepEqual(managersOfStatus(object), ['manager']);
      assert.equal(statusOf(object)['state'], 'Available');
    }
  });

  test('one that looks at the label of objects alone is not fought with; labelling the objects ends it', async (t) => {
    const namespace = await makeNamespace('solo');
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const seldon = run(t, namespace, { singleNamespace: true });
    await eventually('Seldon serves it', async () => (await engineOf(namespace)) === true);
    await startOperator(t, api, namespace);
    await client.apply(
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, annotations: { 'sidegraph.io/injection': 'enabled' } },
      },
      { manager: 'annotating', force: true },
    );
    const taken = await script(commands.get('take-namespace') ?? '', namespace);
    assert.equal(taken.code, 0, taken.output);
    const contested = await eventually('it says that it is contested', async () => {
      const object = await get(namespace, 'iris');
      return /False Contested/.test(conditionLine(object, 'TakenOver')) && object;
    });
    assert.match(
      conditionLine(contested, 'TakenOver'),
      /Deployment\/iris-main-0-model[^]*kubectl -n solo label sdep iris seldon.io\/controller-id=sidegraph --overwrite/,
    );
    await eventually('both are at rest', () => isAtRest(namespace, seldon));
    assert.equal(await engineOf(namespace), true);
    const object = await get(namespace, 'iris');
    assert.match(conditionLine(object, 'TakenOver'), /False Contested/);
    // Whoever serves says how it serves.
    assert.equal(statusOf(object)['state'], 'Available');
    const { generation = 0 } = await deployment(namespace);
    assert.ok(generation <= 4, `${generation} generations`);

    const labelled = await script(commands.get('take-each') ?? '', namespace);
    assert.equal(labelled.code, 0, labelled.output);
    await eventually('the engine has gone', async () => (await engineOf(namespace)) === false);
    await rollOut(client, namespace, NAME);
    await waitForState(client, namespace, 'iris', 'Available');
    assert.equal(conditionLine(await get(namespace, 'iris'), 'TakenOver'), 'TakenOver is missing');
    await eventually('both are at rest again', () => isAtRest(namespace, seldon));
    const { generation: last = 0 } = await deployment(namespace);
    assert.ok(last <= generation + 2, `${last} generations after ${generation}`);
  });

  test('a label without the annotation: nobody is in charge, and that is said', async (t) => {
    const namespace = await makeNamespace('bare');
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const seldon = run(t, namespace);
    await eventually('Seldon serves it', async () => (await engineOf(namespace)) === true);
    await startOperator(t, api, namespace);
    await script(
      `kubectl -n ${namespace} label sdep iris seldon.io/controller-id=sidegraph`,
      namespace,
    );
    const object = await eventually('it says so', async () => {
      const found = await get(namespace, 'iris');
      return /Nobody is in charge/.test(conditionLine(found, 'Injected')) && found;
    });
    assert.match(conditionLine(object, 'Ready'), /False .*kubectl annotate namespace bare/);
    assert.notEqual(statusOf(object)['state'], 'Available');
    await eventually('an event says so', async () => {
      const { items } = await client.list(EVENT, { namespace });
      return items.some(({ note }) => /Nobody is in charge/.test(textOf(note)));
    });
    await eventually('both are at rest', () => isAtRest(namespace, seldon));
    assert.equal(await engineOf(namespace), true);
  });

  test('somebody who changes a Service back again and again is not fought with for ever', async (t) => {
    const namespace = await makeNamespace('stubborn', { 'sidegraph.io/injection': 'enabled' });
    await startOperator(t, api, namespace);
    await applyAsUser(client, modelOf(namespace, 'iris'));
    const ref = { ...SERVICE, namespace, name: 'iris-main' };
    await eventually('there is a Service', () => client.get(ref));
    let changes = 0;
    const contested = await eventually('it gives up', async () => {
      const live = await client.get(ref);
      if (
        textOf(objectOf(specOf(live ?? assert.fail('gone'))['selector'])['seldon-app']) ===
        'iris-main'
      ) {
        const patch = { spec: { selector: { 'seldon-app': 'mine' } } };
        await client.patch(ref, patch, { type: 'merge', manager: 'stubborn' });
        changes += 1;
      }
      const object = await get(namespace, 'iris');
      return /False Contested/.test(conditionLine(object, 'TakenOver')) && object;
    });
    assert.match(conditionLine(contested, 'TakenOver'), /Service\/iris-main/);
    assert.ok(changes <= 10, `${changes} changes`);
    await sleep(QUIET_MS);
    const live = await client.get(ref);
    assert.equal(objectOf(specOf(live ?? assert.fail('gone'))['selector'])['seldon-app'], 'mine');
  });
});

function run(t: TestContext, namespace: string, settings: SeldonSettings = {}): RunningSeldon {
  const seldon = startSeldon(client, namespace, settings);
  t.after(seldon.stop);
  return seldon;
}

async function makeNamespace(
  name: string,
  annotations: Record<string, string> = {},
): Promise<string> {
  const how = { manager: 'test', force: true };
  await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } }, how);
  return name;
}

async function get(namespace: string, name: string): Promise<KubeObject> {
  return (await client.get({ ...SDEP, namespace, name })) ?? assert.fail(`${name} is gone`);
}

async function deployment(namespace: string): Promise<KubeObject['metadata']> {
  const live = await client.get({ ...DEPLOYMENT, namespace, name: NAME });
  return (live ?? assert.fail('gone')).metadata;
}

/** Whether Seldon's engine is in the pods; undefined where there are none. */
async function engineOf(namespace: string): Promise<boolean | undefined> {
  const live = await client.get({ ...DEPLOYMENT, namespace, name: NAME });
  if (live === undefined) return undefined;
  const pod = objectOf(objectOf(specOf(live)['template'])['spec']);
  return objectsOf(pod['containers']).some(({ name }) => name === ENGINE);
}

/** Whether neither has written anything for a while. */
async function isAtRest(namespace: string, seldon: RunningSeldon): Promise<boolean> {
  const versions = async (): Promise<string> => {
    const objects = [];
    for (const kind of [SDEP, DEPLOYMENT, SERVICE])
      objects.push(...(await client.list(kind, { namespace })).items);
    return JSON.stringify(objects.map(({ metadata }) => metadata.resourceVersion));
  };
  const [before_, writes] = [await versions(), seldon.writes()];
  await sleep(QUIET_MS);
  return before_ === (await versions()) && writes === seldon.writes();
}

function managersOfStatus({ metadata }: KubeObject): string[] {
  return (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource === 'status')
    .map(({ manager }) => manager ?? '');
}

function script(words: string, namespace: string): ReturnType<typeof runScript> {
  return runScript(words, { KUBECONFIG: api.kubeconfig, NAMESPACE: namespace, NAME: 'iris' });
}
