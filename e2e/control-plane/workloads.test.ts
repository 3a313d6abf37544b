// What is rendered, on a real API server: every object is taken, applied again it changes nothing, what is live lives on with
// the fields that the server added, and the sidecars pass the restricted pod security standard.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import { renderWorkloads } from '../../operator/workloads/render-workloads.ts';
import { CONFIG, loadInput } from '../../operator/workloads/testing/load-input.ts';
import type { Workloads } from '../../operator/workloads/workloads.ts';
import { objectAt } from '../../graph/plan/json-value.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyDefinitions } from './apply-definitions.ts';

const DIR = new URL('../../operator/workloads/testdata/', import.meta.url);
const INPUT = '.in.yaml';
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;

let api: ApiServer;
let client: KubeClient;

describe('rendered workloads on a real API server', { skip: whyNoKube() }, () => {
  before(async () => {
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyDefinitions(client);
    for (const name of ['flowers', 'retail', 'restricted']) await createNamespace(name);
  });
  after(async () => {
    await api.stop();
  });

  for (const file of readdirSync(DIR).filter((name) => name.endsWith(INPUT))) {
    test(`${file} is taken, and applied again it changes nothing`, async () => {
      const text = readFileSync(new URL(file, DIR), 'utf8');
      const injection = !text.startsWith('# injection: off');
      const first = await applyAll(renderWorkloads(loadInput(text, { injection })));
      const live = first.filter(({ kind }) => kind === 'Deployment');
      const again = await applyAll(renderWorkloads(loadInput(text, { injection, live })));
      assert.deepEqual(again.map(versionOf), first.map(versionOf));
      // A newer operator finds the fields that the server added, and still changes no template.
      const sidecar = { ...CONFIG.sidecar, version: '9.0.0', drainSeconds: 33 };
      const images = { envoy: 'envoy:9', filter: 'filter:9' };
      const config = { ...CONFIG, sidecar: { ...sidecar, images } };
      const later = renderWorkloads(loadInput(text, { injection, live, config }));
      const entries = new Set(later.predictors.map(({ entryDeployment }) => entryDeployment));
      for (const own of later.objects) {
        if (own.kind !== 'Deployment' || !entries.has(own.metadata.name)) continue;
        if (!text.includes('no-engine') && injection)
          assert.equal((await apply(own)).metadata.generation, 1, own.metadata.name);
      }
    });
  }

  test('sidecars alone in a pod pass the restricted pod security standard', async () => {
    const label = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await client.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels: label } },
      { manager: 'test', force: true },
    );
    const text = readFileSync(new URL(`built-ins-alone${INPUT}`, DIR), 'utf8');
    const { objects } = renderWorkloads(
      loadInput(text.replace('namespace: default', 'namespace: restricted')),
    );
    const found = objects.find(({ kind }) => kind === 'Deployment');
    assert.ok(found);
    const template = objectAt(objectAt(found, 'spec'), 'template');
    const pod = await client.create(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...objectAt(template, 'metadata'), name: 'alone', namespace: 'restricted' },
      },
      { manager: 'test' },
    );
    assert.equal(pod.metadata.name, 'alone');
  });

  test('replicas survive their way to an autoscaler', async () => {
    const plain = readFileSync(new URL(`injection-off${INPUT}`, DIR), 'utf8').replaceAll(
      'rose',
      'handed',
    );
    await applyAll(renderWorkloads(loadInput(plain)));
    const name = 'handed-main-0-classifier';
    const read = async (): Promise<KubeObject> => {
      const live = await client.get({ ...DEPLOYMENT, namespace: 'flowers', name });
      assert.ok(live);
      return live;
    };
    const scaled = plain.replace(
      '- spec:',
      '- hpaSpec: {minReplicas: 1, maxReplicas: 5}\n      spec:',
    );
    const step = renderWorkloads(loadInput(scaled, { live: [await read()] }));
    assert.equal(step.transfers[0]?.replicas, 2);
    await applyAll(step);
    assert.equal(objectAt(await read(), 'spec')['replicas'], 2);
    const next = renderWorkloads(loadInput(scaled, { live: [await read()] }));
    assert.deepEqual(next.transfers, []);
    await applyAll(next);
    assert.equal(objectAt(await read(), 'spec')['replicas'], 2);
  });
});

async function createNamespace(name: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await client.create(object, { manager: 'test' });
}

/** As the effects do: transfers first, then every object. */
async function applyAll({ objects, transfers }: Workloads): Promise<KubeObject[]> {
  for (const { deployment, manager, replicas } of transfers) {
    const namespace = objects[0]?.metadata.namespace ?? '';
    const metadata = { name: deployment, namespace };
    await client.apply({ ...DEPLOYMENT, metadata, spec: { replicas } }, { manager, force: true });
  }
  const applied: KubeObject[] = [];
  for (const object of objects) applied.push(await apply(object));
  return applied;
}

function apply(object: KubeObject): Promise<KubeObject> {
  return client.apply(object, { manager: FIELD_MANAGERS.children, force: true });
}

/** A Deployment's generation: owners of its fields may change, its spec may not. */
function versionOf({ kind, metadata }: KubeObject): string {
  const { name, generation, resourceVersion = '' } = metadata;
  return `${kind}/${name}@${kind === 'Deployment' ? String(generation) : resourceVersion}`;
}
