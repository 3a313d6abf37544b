// Where the pod is in a manifest: a Pod itself, or the template of what makes pods. Anything else has none.
import { isPlainObject } from '../../../graph/plan/json-value.ts';
import type { JsonObject } from '../../../graph/plan/json-value.ts';

/** Keys from the manifest to the template, by kind. */
const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ...['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].map(
    (kind): [string, readonly string[]] => [kind, ['spec', 'template']],
  ),
]);

export interface LocatedPod {
  /** As a pod of its own. */
  readonly pod: JsonObject;
  /** The manifest with another pod in its place. */
  readonly put: (pod: JsonObject) => JsonObject;
}

/** Undefined for a manifest that makes no pods. */
export function locatePod(manifest: JsonObject): LocatedPod | undefined {
  const keys = TEMPLATES.get(String(manifest['kind']));
  if (keys === undefined) return undefined;
  let here: unknown = manifest;
  for (const key of keys) here = isPlainObject(here) ? here[key] : undefined;
  if (!isPlainObject(here)) return undefined;
  if (keys.length === 0) return { pod: manifest, put: (pod) => pod };
  const template = here;
  const { metadata, spec } = template;
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: isPlainObject(metadata) ? metadata : {},
      spec: isPlainObject(spec) ? spec : {},
    },
    put: (pod) =>
      replaceAt(manifest, keys, {
        ...template,
        metadata: pod['metadata'],
        spec: pod['spec'],
      }),
  };
}

function replaceAt(target: JsonObject, keys: readonly string[], value: JsonObject): JsonObject {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const next = target[key];
  return { ...target, [key]: replaceAt(isPlainObject(next) ? next : {}, rest, value) };
}
