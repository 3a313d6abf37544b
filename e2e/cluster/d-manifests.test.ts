// A sample of other people's manifests in the cluster: every prepackaged server, protocol and kind of unit among them, over stand-ins under
// the names of their own images. Each becomes Available and answers through the gateway what its graph has to answer. All failures are told
// together. `make e2e` takes the first of the sample, `make e2e-long` all of it. Skipped where the manifests are absent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KubeClient } from '../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { renderTable } from '../../lib/runtime/table.ts';
import { MANIFESTS } from '../../testing/manifests.ts';
import { applyDefinitions } from '../control-plane/apply-definitions.ts';
import type { Role } from '../stand-in/main.ts';
import type { LoggedEvent } from '../stand-in/sink.ts';
import { installChart } from './harness/cluster.ts';
import { KUBECONFIG, until, whyNoCluster } from './harness/kubectl.ts';
import { bringUp, type BroughtUp } from './manifests/bring-up.ts';
import { SINK, sinkObjects } from './manifests/provide.ts';
import { chooseSample, type Sampled } from './manifests/sample.ts';
import { loadImages, rolesOf, SINK_IMAGE } from './manifests/stand-ins.ts';

/** As many as `make e2e` has time for; all of them in `make e2e-long`. */
const SIZE = Number(process.env['SIDEGRAPH_MANIFEST_SAMPLE'] ?? '12');
const AT_ONCE = Number(process.env['SIDEGRAPH_MANIFESTS_AT_ONCE'] ?? '6');
const NODE = { apiVersion: 'v1', kind: 'Node', name: 'node1' } as const;
const GPU = '/status/capacity/nvidia.com~1gpu';
const MANAGER = { manager: 'test', force: true } as const;
const GONE_MS = 120_000;

const sample = chooseSample(SIZE);
const nothing = sample.chosen.length === 0 ? `no manifests in ${MANIFESTS}` : false;

describe('manifests of others', { skip: whyNoCluster() || nothing }, () => {
  const roles = new Map(sample.chosen.map((each) => [each, rolesOf(each.deployment)] as const));
  let client: KubeClient;

  before(async () => {
    process.env['KUBECONFIG'] = KUBECONFIG;
    client = new KubeClient(PooledKubeConfig.load());
    await applyDefinitions(client, /^keda/);
    await installChart('--set', 'keda.enabled=true');
    await loadImages(new Map([...joined(roles.values()), [SINK_IMAGE, 'sink']]));
    // No device is behind them; a pod that requests one is scheduled as with one.
    await patchNode([{ op: 'add', path: GPU, value: '8' }]);
    for (const object of sinkObjects()) await client.apply(object, MANAGER);
    await until('the sink answers', async () => (await readEvents()).length === 0);
  });
  after(async () => {
    await patchNode([{ op: 'remove', path: GPU }]);
    await client.remove({ apiVersion: 'v1', kind: 'Namespace', name: SINK.namespace });
    await until('the namespaces are gone', namespacesAreGone, GONE_MS, 1000);
    await client.config.close();
  });

  test(`${sample.chosen.length} of them become Available and answer`, async () => {
    const beganAt = performance.now();
    const results = await inTurns(sample.chosen, AT_ONCE, (sampled) =>
      bringUp({ client, roles: roles.get(sampled) ?? new Map(), readEvents }, sampled),
    );
    tellFigures(results, (performance.now() - beganAt) / 1000);
    const failed = results.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [[name, failure.step, failure.reason]],
    );
    assert.equal(failed.length, 0, `\n${renderTable([['manifest', 'step', 'reason'], ...failed])}`);
  });

  test('the sample has every feature that any of them has', { skip: SIZE < 40 }, () => {
    assert.deepEqual(sample.uncovered, []);
  });

  async function patchNode(patch: readonly object[]): Promise<void> {
    await client.patch(NODE, patch, { manager: 'test', type: 'json', subresource: 'status' });
  }

  async function readEvents(): Promise<readonly LoggedEvent[]> {
    const { namespace, name, port } = SINK;
    const labelSelector = `app=${name}`;
    const pods = await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labelSelector });
    const { podIP } = (pods.items[0]?.['status'] ?? {}) as { podIP?: string };
    return (await (await fetch(`http://${podIP}:${port}/events`)).json()) as LoggedEvent[];
  }

  async function namespacesAreGone(): Promise<boolean> {
    const { items } = await client.listAll({ apiVersion: 'v1', kind: 'Namespace' });
    return !items.some(isOurs);
  }
});

function isOurs({ metadata }: KubeObject): boolean {
  return /^m-[0-9a-f]{12}$/.test(metadata.name) || metadata.name === SINK.namespace;
}

/** Throws where one image would have to be two things. */
function joined(all: Iterable<ReadonlyMap<string, Role>>): Map<string, Role> {
  const roles = new Map<string, Role>();
  for (const [image, role] of [...all].flatMap((each) => [...each])) {
    const other = roles.get(image) ?? role;
    if (other !== role) throw new Error(`${image} is ${role} here and ${other} there`);
    roles.set(image, role);
  }
  return roles;
}

/** At most `many` at a time, in their order. */
async function inTurns<T, R>(
  items: readonly T[],
  many: number,
  each: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await each(items[index] as T);
  };
  await Promise.all(Array.from({ length: many }, worker));
  return results;
}

/** The lines of numbers that `make e2e-long` collects. */
function tellFigures(results: readonly BroughtUp[], seconds: number): void {
  const times = results.flatMap(({ availableMs = [] }) => availableMs).sort((a, b) => a - b);
  const at = (share: number): string =>
    ((times[Math.floor((times.length - 1) * share)] ?? 0) / 1000).toFixed(1);
  const requests = results.reduce((sum, each) => sum + each.requests, 0);
  const available = `Available after ${at(0)} / ${at(0.5)} / ${at(1)} s (first, median, last)`;
  const lines = [
    `manifests: ${results.length} in ${seconds.toFixed(0)} s, ${AT_ONCE} at a time, ${available}, ${requests} requests`,
    ...countChanges(sample.chosen),
    ...sample.left.map(({ name, why }) => `manifests: left out ${name}: ${why}`),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

function countChanges(chosen: readonly Sampled[]): string[] {
  const counts = new Map<string, number>();
  for (const change of chosen.flatMap(({ changes }) => changes))
    counts.set(change, (counts.get(change) ?? 0) + 1);
  return [...counts].map(([change, count]) => `manifests: changed in ${count}: ${change}`);
}
