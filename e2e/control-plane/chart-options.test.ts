// What the chart makes of others' kinds where its values ask for it (cert-manager's): a real API server takes it, with the definitions of
// their makers. Without it the webhooks' own process makes the certificate, which other tests hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { isKubeObject } from '../../lib/kube/responses.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyDefinitions } from './apply-definitions.ts';

const CHART = new URL('../../charts/sidegraph/testdata/everything.out.yaml', import.meta.url);
const SHARED = { manager: 'test', force: true } as const;

test("cert-manager's objects of the chart are taken", { skip: whyNoKube() }, async () => {
  const api = await startApiServer();
  try {
    const client = new KubeClient(api.config());
    await applyDefinitions(client);
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'sidegraph-system' },
    };
    await client.apply(namespace, SHARED);
    const objects = loadAll(readFileSync(CHART, 'utf8'))
      .filter(isKubeObject)
      .filter(({ apiVersion }) => apiVersion.startsWith('cert-manager.io/'));
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), ['Certificate', 'Issuer']);
    for (const object of objects) await client.apply(object, { ...SHARED, dryRun: true });
  } finally {
    await api.stop();
  }
});
