// Applies the definition of SeldonDeployment by the chart's own step, and waits until the API server serves it, which
// is a moment after it is established.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from 'js-yaml';
import { applyDefinition } from '../../operator/process/apply-crd.ts';
import { isKubeObject } from '../../lib/kube/responses.ts';
import type { KubeClient } from '../../lib/kube/client.ts';

const FILE = new URL('../../charts/sidegraph/files/crd.yaml', import.meta.url);
const PATH = '/apis/machinelearning.seldon.io/v1/seldondeployments';
const WAIT_MS = 20_000;
const TRY_MS = 50;

/** Throws when it is not served 20 s after it was established. */
export async function applyCrd(client: KubeClient): Promise<void> {
  const crd = load(readFileSync(FILE, 'utf8'));
  if (!isKubeObject(crd)) throw new Error('crd.yaml is no object');
  await applyDefinition(client, crd);
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += TRY_MS) {
    const call = { method: 'GET', path: PATH, isIdempotent: true } as const;
    if ((await client.raw(call).catch(() => undefined)) !== undefined) return;
    await sleep(TRY_MS);
  }
  throw new Error('the definition is not served');
}
