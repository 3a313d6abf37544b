// Who serves below which name. A deployment claims its own name, or with `seldon.io/ambassador-service-name` another's; one
// with explainers claims `<name>-explainer` too. Of two claims that would meet the same requests the older is served.
import { isConditional } from './conditions.ts';
import type { DeploymentPart } from './deployment-part.ts';

/** What is served below `/seldon/<namespace>/<publicName>/`. */
export interface Claim {
  readonly namespace: string;
  readonly publicName: string;
  readonly kind: 'deployment' | 'explainers';
  /** In the order in which requests are offered to them: those with conditions first. */
  readonly parts: readonly DeploymentPart[];
}

export interface Conflict {
  readonly namespace: string;
  readonly name: string;
  /** The path that it does not get. */
  readonly path: string;
  /** `namespace/name` of the deployment that has it. */
  readonly takenBy: string;
}

interface Wish {
  readonly kind: Claim['kind'];
  readonly publicName: string;
  readonly part: DeploymentPart;
}

/** Claims sorted by namespace and name. */
export function settleClaims(parts: Iterable<DeploymentPart>): {
  claims: Claim[];
  conflicts: Conflict[];
} {
  const wishes = new Map<string, Wish[]>();
  for (const part of parts) {
    for (const wish of listWishes(part)) {
      const key = `${part.served.namespace}/${wish.publicName}`;
      const others = wishes.get(key);
      if (others === undefined) wishes.set(key, [wish]);
      else others.push(wish);
    }
  }
  const claims: Claim[] = [];
  const conflicts: Conflict[] = [];
  for (const key of [...wishes.keys()].sort()) settle(wishes.get(key) ?? [], claims, conflicts);
  return { claims, conflicts };
}

function listWishes(part: DeploymentPart): Wish[] {
  const { publicName } = part.served;
  return [
    { kind: 'deployment', publicName, part },
    ...(part.explainers.length === 0
      ? []
      : [{ kind: 'explainers' as const, publicName: `${publicName}-explainer`, part }]),
  ];
}

function settle(wishes: readonly Wish[], claims: Claim[], conflicts: Conflict[]): void {
  const [oldest, ...younger] = [...wishes].sort((one, other) => byAge(one.part, other.part));
  if (oldest === undefined) return;
  const kept = [oldest];
  let whole = isConditional(oldest.part.served) ? undefined : oldest;
  for (const wish of younger) {
    const fits = wish.kind === 'deployment' && oldest.kind === 'deployment';
    if (fits && isConditional(wish.part.served)) kept.push(wish);
    else if (fits && whole === undefined) {
      whole = wish;
      kept.push(wish);
    } else conflicts.push(conflictOf(wish, (fits ? (whole ?? oldest) : oldest).part));
  }
  claims.push({
    namespace: oldest.part.served.namespace,
    publicName: oldest.publicName,
    kind: oldest.kind,
    parts: kept.map((wish) => wish.part).sort(byCondition),
  });
}

/** The sort is stable: of equals the older stays first. */
function byCondition(one: DeploymentPart, other: DeploymentPart): number {
  return (
    other.served.headers.length - one.served.headers.length ||
    Math.sign(other.served.hosts.length) - Math.sign(one.served.hosts.length)
  );
}

function byAge({ served: one }: DeploymentPart, { served: other }: DeploymentPart): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function conflictOf({ part, publicName }: Wish, by: DeploymentPart): Conflict {
  const { namespace, name } = part.served;
  return {
    namespace,
    name,
    path: `/seldon/${namespace}/${publicName}/`,
    takenBy: `${by.served.namespace}/${by.served.name}`,
  };
}
