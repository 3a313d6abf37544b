// Puts the parts of all deployments together to what Envoy is to run: one route table, and the clusters with their
// endpoints. Sorted, so that equal input is byte-equal output.
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import { type Conflict, settleClaims } from './claims.ts';
import type { DeploymentPart, PartCluster } from './deployment-part.ts';
import { renderRouteTable } from './route-table.ts';

export interface Snapshot {
  /** What it was put together from, by `namespace/name`. */
  readonly parts: ReadonlyMap<string, DeploymentPart>;
  readonly routes: EnvoyJson;
  /** What its table asks of a request before it looks for its deployment, as in the table. */
  readonly first: readonly EnvoyJson[];
  /** By name, sorted; each Service and transport once. */
  readonly clusters: readonly PartCluster[];
  readonly conflicts: readonly Conflict[];
  /** `namespace/service` that get requests though no deployment names them any more, sorted. */
  readonly leftovers: readonly string[];
}

export function partKey({ served }: DeploymentPart): string {
  return `${served.namespace}/${served.name}`;
}

/** The table alone, for a choice of parts. */
export function renderChosenRoutes(
  parts: Iterable<DeploymentPart>,
  first: readonly EnvoyJson[],
): EnvoyJson {
  return renderRouteTable(settleClaims(parts).claims, first);
}

export function renderSnapshot(
  parts: Iterable<DeploymentPart>,
  first: readonly EnvoyJson[] = [],
): Snapshot {
  const all = [...parts];
  const { claims, conflicts } = settleClaims(all);
  const clusters = new Map<string, PartCluster>();
  for (const part of all) for (const each of part.clusters) clusters.set(each.name, each);
  return {
    parts: new Map(all.map((part) => [partKey(part), part])),
    routes: renderRouteTable(claims, first),
    first,
    clusters: [...clusters.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    conflicts,
    leftovers: all
      .flatMap(({ served, leftovers }) => leftovers.map((each) => `${served.namespace}/${each}`))
      .sort(),
  };
}
