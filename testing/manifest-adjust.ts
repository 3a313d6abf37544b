// What is changed of a manifest so that one small node without a registry can run it, and nothing else. In: a SeldonDeployment as written;
// out: the one that is applied, and the list of changes.
import { isPlainObject, type JsonObject, objectAt } from '../graph/plan/json-value.ts';

export interface Adjusted {
  readonly deployment: JsonObject;
  readonly changes: readonly string[];
}

/** What a node of two cores has less of than many a manifest requests; GPUs are advertised instead. */
const SCARCE = new Set(['cpu', 'memory']);

export function adjust(written: JsonObject, namespace: string): Adjusted {
  const changes = new Set<string>();
  const walk = (value: unknown, field: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, field));
    if (!isPlainObject(value)) {
      // Nothing can be pulled; the image is there.
      if (field !== 'imagePullPolicy' || value !== 'Always') return value;
      changes.add('imagePullPolicy Always → IfNotPresent');
      return 'IfNotPresent';
    }
    if (field === 'resources' || field === 'engineResources') return walkResources(value, changes);
    const entries = Object.entries(value).map(([key, item]) =>
      key === 'hostPath' && field === 'volumes'
        ? (changes.add('hostPath → emptyDir'), ['emptyDir', {}] as const)
        : ([key, walk(item, key)] as const),
    );
    return Object.fromEntries(entries);
  };
  const { serverType, ...spec } = walk(objectAt(written, 'spec'), 'spec') as JsonObject;
  if (serverType !== undefined) changes.add(`serverType ${String(serverType)} taken out`);
  const metadata = { ...objectAt(written, 'metadata'), namespace };
  const deployment = { ...written, metadata, spec };
  return { deployment, changes: [...changes].sort() };
}

function walkResources(resources: JsonObject, changes: Set<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(resources).map(([kind, quantities]) => {
      if (!isPlainObject(quantities)) return [kind, quantities];
      const kept = Object.entries(quantities).filter(([name]) => !SCARCE.has(name));
      if (kept.length < Object.keys(quantities).length)
        changes.add('requests and limits of CPU and memory taken out');
      return [kind, Object.fromEntries(kept)];
    }),
  );
}
