// Manifests of other people, as the operator renders them with every option of the chart on: a real API server takes each object, with
// KEDA's, Istio's and the Gateway API's own definitions. A dry run, since many of them have one name. Skipped where the manifests are absent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { listManifests, MANIFESTS, renderManifest } from '../../testing/manifests.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyDefinitions } from './apply-definitions.ts';

const NAMESPACE = 'manifests';
const SHARED = { manager: 'test', force: true } as const;

const manifests = listManifests();
const skip = manifests.length === 0 ? `no manifests in ${MANIFESTS}` : whyNoKube();

test('a real API server takes every object of the manifests of others', { skip }, async () => {
  const api = await startApiServer();
  try {
    const client = new KubeClient(api.config());
    await applyDefinitions(client);
    const metadata = { name: NAMESPACE };
    await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata }, SHARED);
    const refused: string[] = [];
    let taken = 0;
    for (const manifest of manifests) {
      const { file, text } = manifest;
      const { findings } = loadDeployments(text, { source: file, images: 'command' });
      if (findings.some(({ severity }) => severity === 'error')) continue;
      for (const object of renderManifest(manifest)) {
        const why = await whyRefused(client, object);
        if (why === undefined) taken += 1;
        else refused.push(`${file} ${object.kind} ${object.metadata.name}: ${why}`);
      }
    }
    assert.deepEqual(refused, []);
    assert.ok(taken > manifests.length, `${taken} objects`);
  } finally {
    await api.stop();
  }
});

async function whyRefused(client: KubeClient, object: KubeObject): Promise<string | undefined> {
  const metadata = { ...object.metadata, namespace: NAMESPACE };
  try {
    await client.apply({ ...object, metadata }, { ...SHARED, dryRun: true });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
