// Resources that only requests in flight still need: clusters and egress hosts of plans that were replaced. They stay in
// Envoy's files until the deadline of such a request has passed.
import type { EnvoyJson } from '../kit/json.ts';

export interface Retained {
  readonly resource: EnvoyJson;
  /** When nothing can use it any more, ms of the writer's clock. */
  readonly untilMs: number;
}

/** Retained resources by name. */
export type RetainedByName = ReadonlyMap<string, Retained>;

/**
 * What has to be kept beside `next`: everything of `before` that it lacks, and what was kept already and is not over.
 * A resource that comes back is no longer retained.
 */
export function retain(
  before: readonly EnvoyJson[],
  kept: RetainedByName,
  next: readonly EnvoyJson[],
  nowMs: number,
  untilMs: number,
): RetainedByName {
  const live = new Set(next.map(resourceName));
  const result = new Map<string, Retained>();
  for (const [name, each] of kept) {
    if (!live.has(name) && each.untilMs > nowMs) result.set(name, each);
  }
  for (const resource of before) {
    const name = resourceName(resource);
    if (!live.has(name)) result.set(name, { resource, untilMs });
  }
  return result;
}

/** The live resources, then the retained ones in the order of their names. */
export function withRetained(live: readonly EnvoyJson[], kept: RetainedByName): EnvoyJson[] {
  const byName = [...kept].sort(([one], [other]) => (one < other ? -1 : 1));
  return [...live, ...byName.map(([, each]) => each.resource)];
}

export function resourceName(resource: EnvoyJson): string {
  return String(resource.name);
}
