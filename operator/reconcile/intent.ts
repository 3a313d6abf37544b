// Whether an object has to be applied again. Each one carries a hash of what was applied; where that is what we would apply now,
// and the live object still says so, nothing is written. An object that somebody changed is put right.
import { createHash } from 'node:crypto';
import { canonicalJson, isPlainObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS } from '../../cluster/names.ts';
import { parseQuantity } from '../workloads/sidecar/quantity.ts';

/** The object with the hash of itself among its annotations. */
export function markIntent(object: KubeObject): KubeObject {
  const hash = createHash('sha256').update(canonicalJson(object)).digest('hex').slice(0, 16);
  const annotations = { ...object.metadata.annotations, [ANNOTATIONS.intent]: hash };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Whether `live` is what was applied last, and still says so. */
export function isApplied(marked: KubeObject, live: KubeObject): boolean {
  return intentOf(live) === intentOf(marked) && contains(live, marked);
}

/** Whether this was applied last, whatever became of it. */
export function hasIntent(live: KubeObject, wanted: KubeObject): boolean {
  return intentOf(live) === intentOf(markIntent(wanted));
}

function intentOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[ANNOTATIONS.intent];
}

/**
 * Whether everything of `intent` is in `live`, which has defaults and others' fields besides. An unknown way to write
 * one value twice costs an apply that changes nothing, no more.
 */
export function contains(live: unknown, intent: unknown): boolean {
  if (live === undefined && isNothing(intent)) return true;
  if (Array.isArray(intent)) return Array.isArray(live) && containsAll(live, intent);
  if (isPlainObject(intent)) {
    if (!isPlainObject(live)) return false;
    return Object.entries(intent).every(([key, value]) => contains(live[key], value));
  }
  return live === intent || isSameQuantity(live, intent);
}

/** Items with a name (or an address) are found by it: the server may hold others' items between ours. */
function containsAll(live: readonly unknown[], intent: readonly unknown[]): boolean {
  return intent.every((item, index) => {
    const key = keyOf(item);
    if (key === undefined) return live.length === intent.length && contains(live[index], item);
    return live.some((other) => keyOf(other) === key && contains(other, item));
  });
}

function keyOf(item: unknown): string | undefined {
  if (!isPlainObject(item)) return undefined;
  const { name, mountPath, uid, port, containerPort } = item;
  const key = uid ?? mountPath ?? name ?? containerPort ?? port;
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}

/** The server writes `1000m` as `1`. */
function isSameQuantity(live: unknown, intent: unknown): boolean {
  const one = quantityOf(live);
  return one !== undefined && one === quantityOf(intent);
}

function quantityOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseQuantity(value) : undefined;
}

/** What the server leaves out when it writes an object. */
function isNothing(value: unknown): boolean {
  if (isPlainObject(value)) return Object.keys(value).length === 0;
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}
