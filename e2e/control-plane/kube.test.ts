// The parts that talk to Kubernetes against a real API server and a real etcd.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import { sleep } from '../../lib/kube/backoff.ts';
import { parseKinds } from '../../lib/kube/responses.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import type { PooledKubeConfig } from '../../lib/kube/config.ts';
import { EventRecorder } from '../../lib/kube/events.ts';
import { groupPath, KNOWN_RESOURCES } from '../../lib/kube/kinds.ts';
import { LeaseElector } from '../../lib/kube/lease.ts';
import { registerKubeMetrics } from '../../lib/kube/metrics.ts';
import { type KubeObject, keyOf } from '../../lib/kube/object.ts';
import { Reflector, type ReflectorOptions } from '../../lib/kube/reflector.ts';
import { Registry } from '../../lib/kube/registry.ts';
import type { Change } from '../../lib/kube/store.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const SECRET = { apiVersion: 'v1', kind: 'Secret' } as const;
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

let api: ApiServer;
let client: KubeClient;

function configMap(namespace: string, name: string, data: Record<string, string> = {}): KubeObject {
  return { ...CONFIG_MAP, metadata: { namespace, name }, data };
}

async function createNamespace(name: string): Promise<string> {
  await client.create(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { manager: 'test' },
  );
  return name;
}

async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  mostMs = 15_000,
): Promise<void> {
  const giveUpAt = performance.now() + mostMs;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, `not within ${mostMs} ms: ${what}`);
    await sleep(20);
  }
}

/** From now on the config leads nowhere; returns what undoes it. */
function cutOff(config: PooledKubeConfig): () => void {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  assert.ok(cluster !== null && user !== null);
  config.loadFromClusterAndUser({ ...cluster, server: 'https://127.0.0.1:1' }, user);
  return () => config.loadFromClusterAndUser(cluster, user);
}

interface Running {
  readonly reflector: Reflector;
  readonly changes: Change[];
  lists(): number;
  watches(): number;
  failures(): number;
  stop(): Promise<void>;
}

async function startReflector(
  options: Pick<ReflectorOptions, 'kind'> & Partial<ReflectorOptions>,
): Promise<Running> {
  const { watch } = registerKubeMetrics(new Registry());
  const changes: Change[] = [];
  const reflector = new Reflector({
    client,
    log: SILENT_LOG,
    metrics: watch,
    backoffMs: { least: 50, most: 500 },
    onChange: (change) => changes.push(change),
    ...options,
  });
  const stop = new AbortController();
  const run = reflector.run(stop.signal);
  const name = 'plural' in options.kind ? options.kind.plural : options.kind.kind;
  await reflector.synced;
  return {
    reflector,
    changes,
    lists: () => watch.lists.value(name),
    watches: () => watch.watches.value(name),
    failures: () => watch.failures.value(name),
    async stop() {
      stop.abort();
      await run;
    },
  };
}

/** Groups that a server without further definitions does not know. */
const COME_AS_CRDS = [
  'gateway.networking.k8s.io',
  'keda.sh',
  'machinelearning.seldon.io',
  'networking.istio.io',
];

describe('on a real API server', { skip: whyNoKube() }, () => {
  before(async () => {
    // Without a cache of their own, ConfigMaps are watched straight from etcd, whose history a test can cut.
    api = await startApiServer({
      flags: ['--watch-cache-sizes=configmaps#0'],
      users: { nobody: [] },
    });
    client = new KubeClient(api.config());
  });

  after(async () => {
    await client?.config.close();
    await api?.stop();
  });

  test('an apply that takes what another manager owns is refused with the field, and forced takes it', async () => {
    const namespace = await createNamespace('apply');
    await client.apply(configMap(namespace, 'a', { x: '1', y: '1' }), {
      manager: 'one',
      force: false,
    });
    const theirs = configMap(namespace, 'a', { x: '2' });
    await assert.rejects(client.apply(theirs, { manager: 'two', force: false }), (error) => {
      assert.ok(error instanceof Error && 'causes' in error);
      assert.deepEqual(error.causes, [
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' },
      ]);
      return true;
    });
    const forced = await client.apply(theirs, { manager: 'two', force: true });
    assert.deepEqual(forced.data, { x: '2', y: '1' });
    const left = await client.apply(configMap(namespace, 'a'), { manager: 'one', force: false });
    assert.deepEqual(
      left.data,
      { x: '2' },
      'what a manager leaves out is removed, what it lost is not',
    );
  });

  test('a lost race, a taken name and another uid are conflicts; what is gone is a value', async () => {
    const namespace = await createNamespace('races');
    const first = await client.create(configMap(namespace, 'a'), { manager: 'test' });
    await assert.rejects(client.create(configMap(namespace, 'a'), { manager: 'test' }), {
      status: 409,
      reason: 'AlreadyExists',
    });
    await client.replace({ ...first, data: { x: '1' } }, { manager: 'test' });
    await assert.rejects(client.replace({ ...first, data: { x: '2' } }, { manager: 'test' }), {
      status: 409,
      reason: 'Conflict',
    });
    const ref = { ...CONFIG_MAP, namespace, name: 'a' };
    await assert.rejects(client.remove(ref, { uid: 'another' }), { status: 409 });
    assert.equal(await client.remove(ref, { uid: first.metadata.uid }), true);
    assert.equal(await client.remove(ref), false);
    assert.equal(await client.get(ref), undefined);
  });

  test('a JSON patch with a test that does not hold changes nothing', async () => {
    const namespace = await createNamespace('patches');
    await client.create(configMap(namespace, 'a', { x: '1' }), { manager: 'test' });
    const ref = { ...CONFIG_MAP, namespace, name: 'a' };
    const replace = { op: 'replace', path: '/data/x', value: '2' };
    const patched = await client.patch(
      ref,
      [{ op: 'test', path: '/data/x', value: '1' }, replace],
      { type: 'json', manager: 'test' },
    );
    assert.deepEqual(patched.data, { x: '2' });
    await assert.rejects(
      client.patch(ref, [{ op: 'test', path: '/data/x', value: '1' }, replace], {
        type: 'json',
        manager: 'test',
      }),
      { status: 422, reason: 'Invalid' },
    );
  });

  test('a kind that is in no table is discovered, and one that the server does not know has its own reason', async () => {
    const classes = await client.list({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
    });
    assert.ok(
      classes.items.some(
        (item) => item.kind === 'PriorityClass' && item.metadata.name === 'system-node-critical',
      ),
    );
    await assert.rejects(client.list({ apiVersion: 'example.org/v1', kind: 'Thing' }), {
      status: 404,
      reason: 'NoKindMatch',
    });
  });

  test('the table of kinds says what the server says', async () => {
    const wrong: string[] = [];
    for (const { apiVersion, kind, plural, namespaced } of KNOWN_RESOURCES) {
      if (COME_AS_CRDS.includes(apiVersion.split('/', 1)[0] ?? '')) continue;
      const path = groupPath(apiVersion);
      const kinds = parseKinds(await client.raw({ method: 'GET', path, isIdempotent: true }));
      const found = kinds.find((entry) => entry.kind === kind && !entry.name.includes('/'));
      if (found?.name !== plural || found.namespaced !== namespaced)
        wrong.push(`${apiVersion} ${kind}`);
    }
    assert.deepEqual(wrong, []);
  });

  test('a reflector without rights waits for them and then fills its store', async () => {
    const namespace = await createNamespace('rights');
    const config = api.config('nobody');
    const registry = registerKubeMetrics(new Registry());
    const reflector = new Reflector({
      client: new KubeClient(config, { metrics: registry.rest }),
      kind: CONFIG_MAP,
      namespace,
      log: SILENT_LOG,
      backoffMs: { least: 20, most: 100 },
    });
    const stop = new AbortController();
    const run = reflector.run(stop.signal);
    await until(
      'a refusal',
      () => registry.rest.requests.value('403', 'GET', new URL(api.url).host) > 0,
    );
    assert.equal(reflector.hasSynced, false);
    const rbac = 'rbac.authorization.k8s.io';
    const metadata = { namespace, name: 'reader' };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }];
    await client.create(
      { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules },
      { manager: 'test' },
    );
    const subjects = [{ apiGroup: rbac, kind: 'User', name: 'nobody' }];
    const roleRef = { apiGroup: rbac, kind: 'Role', name: 'reader' };
    await client.create(
      { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, subjects, roleRef },
      { manager: 'test' },
    );
    await reflector.synced;
    stop.abort();
    await run;
    await config.close();
  });

  test('1,200 objects arrive in pages and are indexed', async () => {
    const namespace = await createNamespace('many');
    const names = Array.from({ length: 1_200 }, (_, index) => `item-${index}`);
    const lanes = Array.from({ length: 12 }, async (_, lane) => {
      for (let index = lane; index < names.length; index += 12) {
        const name = names[index] ?? '';
        const labels = { third: String(index % 3) };
        await client.create(
          { ...CONFIG_MAP, metadata: { namespace, name, labels } },
          { manager: 'test' },
        );
      }
    });
    await Promise.all(lanes);
    const page = await client.list(CONFIG_MAP, { namespace, limit: 500 });
    assert.equal(page.items.length, 500);
    assert.notEqual(page.continue, undefined);
    const running = await startReflector({ kind: CONFIG_MAP, namespace, indexedLabels: ['third'] });
    const { store } = running.reflector;
    assert.equal(store.inNamespace(namespace).length, 1_200);
    assert.equal(store.labelled('third', '1').length, 400);
    assert.equal(store.get(`${namespace}/item-7`)?.kind, 'ConfigMap');
    await running.stop();
  });

  test('a quiet watch is cut and resumed without a new list, and nothing is missed', async () => {
    const namespace = await createNamespace('quiet');
    const running = await startReflector({
      kind: CONFIG_MAP,
      namespace,
      quietMs: 300,
      silentWatches: 100,
    });
    await until('the third watch', () => running.watches() >= 3);
    await client.create(configMap(namespace, 'a', { x: '1' }), { manager: 'test' });
    await client.apply(configMap(namespace, 'a', { x: '2' }), { manager: 'test', force: true });
    await client.remove({ ...CONFIG_MAP, namespace, name: 'a' });
    await until('the deletion', () => running.changes.at(-1)?.type === 'deleted');
    assert.deepEqual(
      running.changes.map((change) => change.type),
      ['added', 'modified', 'deleted'],
    );
    assert.equal(running.lists(), 1);
    assert.equal(running.failures(), 0);
    await running.stop();
  });

  test('watches that stay silent, without even a bookmark, lead to a new list', async () => {
    const namespace = await createNamespace('silent');
    await client.create(configMap(namespace, 'a'), { manager: 'test' });
    const options = { kind: CONFIG_MAP, namespace, quietMs: 100, silentWatches: 2 };
    const running = await startReflector(options);
    await until('the second list', () => running.lists() >= 2);
    assert.equal(running.changes.length, 1);
    await running.stop();
  });

  test('a watch that the server ends after its time is resumed without a new list', async () => {
    const namespace = await createNamespace('ended');
    const running = await startReflector({
      kind: SECRET,
      namespace,
      watchSeconds: { least: 1, most: 1 },
      silentWatches: 100,
    });
    await until('the third watch', () => running.watches() >= 3);
    await client.create({ ...SECRET, metadata: { namespace, name: 'a' } }, { manager: 'test' });
    await until('the object', () => running.reflector.store.size === 1);
    assert.equal(running.lists(), 1);
    await running.stop();
  });

  test('lost history leads to a new list, of which only the differences are told', async () => {
    const namespace = await createNamespace('expiry');
    for (const name of ['kept', 'gone'])
      await client.create(configMap(namespace, name), { manager: 'test' });
    const config = api.config();
    const running = await startReflector({
      client: new KubeClient(config),
      kind: CONFIG_MAP,
      namespace,
      quietMs: 200,
    });
    const reconnect = cutOff(config);
    await until('a failed watch', () => running.failures() > 0);
    await client.remove({ ...CONFIG_MAP, namespace, name: 'gone' });
    await client.create(configMap(namespace, 'new'), { manager: 'test' });
    await api.compact();
    reconnect();
    await until(
      'the new object',
      () => running.reflector.store.get(`${namespace}/new`) !== undefined,
    );
    assert.equal(running.lists(), 2);
    assert.deepEqual(
      running.changes.map((change) => `${change.type} ${change.object.metadata.name}`),
      ['added gone', 'added kept', 'deleted gone', 'added new'],
    );
    await running.stop();
    await config.close();
  });

  test('the same event again becomes a count, another object or word another event', async () => {
    const namespace = await createNamespace('events');
    const object = await client.create(configMap(namespace, 'a'), { manager: 'test' });
    const recorder = new EventRecorder({
      client,
      controller: 'sidegraph.io/operator',
      instance: 'test-0',
      log: SILENT_LOG,
    });
    const refused = {
      type: 'Warning',
      reason: 'PlanRefused',
      action: 'Reconcile',
      note: 'the graph has a cycle',
    } as const;
    for (let count = 0; count < 3; count += 1) recorder.record(object, refused);
    recorder.record(object, { ...refused, type: 'Normal', reason: 'Ready', note: 'ä'.repeat(800) });
    await recorder.flush();
    const { items } = await client.list(
      { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
      { namespace },
    );
    assert.deepEqual(new Set(items.map((item) => item.reason)), new Set(['PlanRefused', 'Ready']));
    assert.equal(items.length, 2);
    const first = items.find((item) => item.reason === 'PlanRefused');
    assert.equal(Object(first?.series).count, 3);
    assert.equal(Object(first?.regarding).uid, object.metadata.uid);
  });

  test('an object that talks too much is cut short', async () => {
    const namespace = await createNamespace('chatter');
    const object = await client.create(configMap(namespace, 'a'), { manager: 'test' });
    const recorder = new EventRecorder({
      client,
      controller: 'sidegraph.io/operator',
      instance: 'test-0',
      log: SILENT_LOG,
    });
    for (let count = 0; count < 40; count += 1)
      recorder.record(object, {
        type: 'Normal',
        reason: 'Loop',
        action: 'Reconcile',
        note: `turn ${count}`,
      });
    await recorder.flush();
    const { items } = await client.list(
      { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
      { namespace },
    );
    assert.equal(items.length, 25);
  });

  test('one of two leads; a stop hands over at once; a leader without a server steps down before the next begins', async () => {
    const namespace = await createNamespace('leases');
    const times = { leaseMs: 3_000, deadlineMs: 2_000, retryMs: 200 };
    const log: string[] = [];
    let leaders = 0;
    const start = (
      identity: string,
      own: KubeClient,
    ): { stop(): Promise<void>; elector: LeaseElector } => {
      const stop = new AbortController();
      const elector = new LeaseElector({
        client: own,
        namespace,
        name: 'lead',
        identity,
        log: SILENT_LOG,
        ...times,
      });
      const run = elector.run(stop.signal, async (signal) => {
        leaders += 1;
        log.push(`${identity} leads${leaders > 1 ? ' beside another' : ''}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        log.push(`${identity} stops`);
        leaders -= 1;
      });
      return {
        elector,
        async stop() {
          stop.abort();
          await run;
        },
      };
    };
    const one = start('one', client);
    await until('one leads', () => one.elector.isLeader);
    const lonely = api.config();
    const two = start('two', new KubeClient(lonely));
    await until('two knows', () => two.elector.holder === 'one');
    assert.equal(two.elector.isLeader, false);
    const stoppedAt = performance.now();
    await one.stop();
    await until('two leads', () => two.elector.isLeader);
    assert.ok(
      performance.now() - stoppedAt < times.leaseMs,
      'the lease was released, not waited out',
    );

    const three = start('three', client);
    await until('three knows', () => three.elector.holder === 'two');
    cutOff(lonely);
    await until('three leads', () => three.elector.isLeader);
    const lease = await client.get({ ...LEASE, namespace, name: 'lead' });
    assert.equal(Object(lease?.spec).leaseTransitions, 2);
    await three.stop();
    await two.stop();
    assert.deepEqual(log, [
      'one leads',
      'one stops',
      'two leads',
      'two stops',
      'three leads',
      'three stops',
    ]);
    assert.equal(
      Object((await client.get({ ...LEASE, namespace, name: 'lead' }))?.spec).holderIdentity,
      '',
    );
    await lonely.close();
  });

  test('when the API server is killed and comes back, what changed is seen and nothing ends', async () => {
    const namespace = await createNamespace('restart');
    await client.create(configMap(namespace, 'a'), { manager: 'test' });
    await client.create({ ...SECRET, metadata: { namespace, name: 'a' } }, { manager: 'test' });
    const maps = await startReflector({ kind: CONFIG_MAP, namespace });
    const secrets = await startReflector({ kind: SECRET, namespace });
    await api.kill();
    await until('both notice', () => maps.failures() > 0 && secrets.failures() > 0);
    assert.equal(maps.reflector.store.size, 1, 'what was known stays known');
    await api.start();
    await client.create(configMap(namespace, 'b'), { manager: 'test' });
    await client.remove({ ...SECRET, namespace, name: 'a' });
    await until('the new object', () => maps.reflector.store.get(`${namespace}/b`) !== undefined);
    await until('the deletion', () => secrets.reflector.store.size === 0);
    assert.deepEqual(
      maps.changes.map((change) => `${change.type} ${keyOf(change.object)}`),
      [`added ${namespace}/a`, `added ${namespace}/b`],
    );
    assert.equal(maps.lists(), 1, 'etcd still had the history');
    await maps.stop();
    await secrets.stop();
  });
});
