// Applies the operations that we write (add and replace) to a copy, as the API server does: where no API server is between
// the webhook and the pod, `sidegraph inject` does its part. A parent that is missing is an error.
import type { PatchOp } from './json-patch.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';

export function applyPatch(target: JsonObject, ops: readonly PatchOp[]): JsonObject {
  const copy = structuredClone(target);
  for (const { path, value } of ops) {
    const keys = path.split('/').slice(1);
    const last = unescape(keys.pop() ?? '');
    let here: unknown = copy;
    for (const key of keys) here = (here as Record<string, unknown>)[unescape(key)];
    if (typeof here !== 'object' || here === null) throw new Error(`${path} has no parent`);
    if (Array.isArray(here)) here.splice(last === '-' ? here.length : Number(last), 0, value);
    else (here as Record<string, unknown>)[last] = value;
  }
  return copy;
}

function unescape(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
