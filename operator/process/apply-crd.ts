// The chart's job: applies the definition that is in a file (operator/process/apply-crd.ts FILE) and waits until the API server
// serves it. Server-side apply as its own manager: what an older definition said and this one does not goes away, and
// annotations of others stay.
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import { sleep } from '../../lib/kube/backoff.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { PooledKubeConfig } from '../../lib/kube/config.ts';
import { describeError } from '../../lib/kube/error.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
const MANAGER = 'sidegraph-crd';
const ESTABLISHED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

export async function applyDefinition(client: KubeClient, definition: KubeObject): Promise<void> {
  const { name } = definition.metadata;
  // The old owner of the fields, Seldon's chart or an earlier kubectl apply, gives way.
  await client.apply(definition, { manager: MANAGER, force: true });
  const deadline = performance.now() + ESTABLISHED_WITHIN_MS;
  while (!isEstablished(await client.get({ ...CRD, name }))) {
    if (performance.now() > deadline) throw new Error(`${name} is applied and not established`);
    await sleep(LOOK_EVERY_MS);
  }
}

function isEstablished(definition: KubeObject | undefined): boolean {
  const status = definition?.['status'];
  const conditions = isPlainObject(status) ? status['conditions'] : undefined;
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (each: unknown) =>
        isPlainObject(each) && each['type'] === 'Established' && each['status'] === 'True',
    )
  );
}

function readDefinition(file: string): KubeObject {
  const value: unknown = load(readFileSync(file, 'utf8'));
  const metadata = isPlainObject(value) ? value['metadata'] : undefined;
  const name = isPlainObject(metadata) ? metadata['name'] : undefined;
  if (!isPlainObject(value) || value['kind'] !== CRD.kind || typeof name !== 'string')
    throw new Error(`${file} holds no ${CRD.kind}`);
  return { ...value, ...CRD, metadata: { ...(isPlainObject(metadata) ? metadata : {}), name } };
}

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) {
    process.stderr.write('usage: apply.ts FILE\n');
    process.exit(2);
  }
  try {
    const definition = readDefinition(file);
    await applyDefinition(new KubeClient(PooledKubeConfig.load()), definition);
    process.stdout.write(`applied ${definition.metadata.name}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`the definition was not applied: ${describeError(error)}\n`);
    process.exit(1);
  }
}
