// Applies the definition of SeldonDeployment as the chart's job does, and waits until the API server serves it.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from 'js-yaml';
import { isPlainObject } from '../../graph/json-value.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { isKubeObject } from '../../operator/kube/answers.ts';

const FILE = new URL('../../charts/sidegraph/files/crd.yaml', import.meta.url);
const PATH = '/apis/machinelearning.seldon.io/v1/seldondeployments';
const WAIT_MS = 20_000;
const TRY_MS = 50;

/** Throws when it is not served after 20 s. */
export async function applyCrd(client: KubeClient): Promise<void> {
  const crd = load(readFileSync(FILE, 'utf8'));
  if (!isKubeObject(crd)) throw new Error('crd.yaml is no object');
  await client.apply(crd, { manager: 'sidegraph-crd', force: true });
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += TRY_MS) {
    if (isEstablished(await client.get({ ...crd, name: crd.metadata.name }))) {
      const call = { method: 'GET', path: PATH, isIdempotent: true } as const;
      if ((await client.raw(call).catch(() => null)) !== null) return;
    }
    await sleep(TRY_MS);
  }
  throw new Error('the definition is not served');
}

function isEstablished(crd: Readonly<Record<string, unknown>> | undefined): boolean {
  const status = crd?.['status'];
  const conditions: unknown = isPlainObject(status) ? status['conditions'] : [];
  return (
    Array.isArray(conditions) &&
    conditions.some(({ type, status: held }) => type === 'Established' && held === 'True')
  );
}
