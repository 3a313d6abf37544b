// Finds the deployments for which Envoy refuses the route table of all. Parts are added by halves to what it has taken, so that
// no deployment that is served is missing from any table on the way, and those that are harmless are served as they are found.
import type { DeploymentPart } from '../config/deployment-part.ts';

/** After so many of one namespace the rest of it, as far as it is untried, is left out too: others are not kept waiting for it. */
export const MAX_TRIED_OF_NAMESPACE = 20;

export interface SearchOptions {
  /** What is wanted, by `namespace/name`. */
  readonly wanted: ReadonlyMap<string, DeploymentPart>;
  /** What Envoy has taken before. */
  readonly taken: ReadonlyMap<string, DeploymentPart>;
  /** Whether Envoy runs `taken` now, so that it needs no trial. */
  readonly isTakenLive: boolean;
  /** Sends a table: undefined when Envoy takes it, else its words. */
  readonly send: (parts: Iterable<DeploymentPart>) => Promise<string | undefined>;
}

export interface RefusedParts {
  /** Why, in Envoy's words, by `namespace/name`. */
  readonly refused: ReadonlyMap<string, string>;
  /** What Envoy runs now. */
  readonly taken: ReadonlyMap<string, DeploymentPart>;
}

/** Of `n` changed parts with `k` refused ones about `2 k log n` tables are sent. */
export async function findRefused(options: SearchOptions): Promise<RefusedParts> {
  const { wanted, send } = options;
  const refused = new Map<string, string>();
  const taken = new Map([...options.taken].filter(([key]) => wanted.has(key)));
  if (!options.isTakenLive && (await send(taken.values())) !== undefined) taken.clear();
  const counts = new Map<string, number>();
  const open = [[...wanted].filter(([key, part]) => taken.get(key) !== part).sort(byNamespace)];
  for (let list = open.pop(); list !== undefined; list = open.pop()) {
    const tried = list.filter(([key, { served }]) => {
      const isTried = (counts.get(served.namespace) ?? 0) < MAX_TRIED_OF_NAMESPACE;
      if (!isTried)
        refused.set(key, `${MAX_TRIED_OF_NAMESPACE} others of its namespace were refused`);
      return isTried;
    });
    if (tried.length === 0) continue;
    const all = new Map([...taken, ...tried]);
    const reason = await send(all.values());
    const [first, ...others] = tried;
    if (reason === undefined) for (const [key, part] of tried) taken.set(key, part);
    else if (first !== undefined && others.length === 0) {
      const [key, { served }] = first;
      refused.set(key, reason);
      counts.set(served.namespace, (counts.get(served.namespace) ?? 0) + 1);
    } else {
      const half = Math.ceil(tried.length / 2);
      open.push(tried.slice(half), tried.slice(0, half));
    }
  }
  return { refused, taken };
}

/** Deployments of one namespace are together, the older first: of two that only fail together the younger is left out. */
function byNamespace(
  [key, { served: one }]: [string, DeploymentPart],
  [otherKey, { served: other }]: [string, DeploymentPart],
): number {
  if (one.namespace !== other.namespace) return one.namespace < other.namespace ? -1 : 1;
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1;
  return key < otherKey ? -1 : 1;
}
