// Applies the definitions of others' kinds (KEDA's, Istio's, the Gateway API's, cert-manager's) as their makers publish them, so that what
// is rendered for them meets their real schemas. e2e/kube/build.sh fetches them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAll } from 'js-yaml';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import { isKubeObject } from '../../lib/kube/responses.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

const FOLDER = new URL('../../.cache/kube/definitions/', import.meta.url);
const WAIT_MS = 30_000;
const TRY_MS = 100;

/** Those of all files, or of those whose names fit. */
export async function applyDefinitions(client: KubeClient, files = /./): Promise<void> {
  if (!existsSync(FOLDER)) throw new Error('no definitions: run e2e/kube/build.sh');
  const wanted = readdirSync(FOLDER)
    .filter((file) => files.test(file))
    .flatMap((file) => readDefinitions(file));
  for (const object of wanted) await client.apply(object, { manager: 'test', force: true });
  for (const object of wanted) await waitUntilServed(client, object);
}

/** cert-manager's are a chart's templates; what is filled in there is labels. */
function readDefinitions(file: string): KubeObject[] {
  const text = readFileSync(new URL(file, FOLDER), 'utf8').replaceAll(/^.*\{\{.*\}\}.*$/gm, '');
  return loadAll(text)
    .filter(isKubeObject)
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map((object) => {
      const { name, annotations } = object.metadata;
      const kept = annotations === undefined ? {} : { annotations };
      return { ...object, metadata: { name, ...kept } };
    });
}

async function waitUntilServed(client: KubeClient, definition: KubeObject): Promise<void> {
  const { spec } = definition;
  const { group, names, versions } = isPlainObject(spec) ? spec : {};
  const served = Array.isArray(versions) ? versions.filter(({ served: is }) => is) : [];
  const plural = isPlainObject(names) ? String(names['plural']) : '';
  for (const { name } of served) {
    const call = {
      method: 'GET',
      path: `/apis/${String(group)}/${String(name)}/${plural}`,
      isIdempotent: true,
    } as const;
    for (let waitedMs = 0; ; waitedMs += TRY_MS) {
      if ((await client.raw(call).catch(() => undefined)) !== undefined) break;
      if (waitedMs > WAIT_MS) throw new Error(`${call.path} is not served`);
      await sleep(TRY_MS);
    }
  }
}
