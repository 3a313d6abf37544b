// The metadata of a graph: what its units say of themselves, and from that what goes into the graph and what comes out.
// The same derivation serves REST (whatever JSON units answer) and gRPC (Seldon's messages). Seldon Core v1's rules:
// seldon-core `executor/predictor/metadata.go`; built-ins, which have no metadata of their own there, take no part in it.
import type { Plan, PlanUnit } from '../../graph/plan/plan.ts';

/** What a unit says; `Ports` is whatever the transport has for inputs and outputs. */
export interface ModelMetadata<Ports> {
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
  readonly versions?: readonly string[] | undefined;
  readonly inputs?: Ports | undefined;
  readonly outputs?: Ports | undefined;
  readonly custom?: Readonly<Record<string, string>> | undefined;
}

export interface GraphMetadata<Ports> {
  readonly name: string;
  /** By unit, names in order. */
  readonly models: Readonly<Record<string, ModelMetadata<Ports>>>;
  readonly inputs: Ports | undefined;
  readonly outputs: Ports | undefined;
}

/** What a built-in says of itself. */
export function builtInMetadata(unit: PlanUnit): ModelMetadata<never> {
  return { name: unit.name, platform: 'sidegraph' };
}

/** `models` has one entry for each unit of the plan, at the unit's index. */
export function deriveGraphMetadata<Ports>(
  plan: Plan,
  models: readonly ModelMetadata<Ports>[],
): GraphMetadata<Ports> {
  const [inputs, outputs] = edgesOf(plan, models, 0);
  const entries = plan.units.map(
    (unit, index) => [unit.name, models[index] ?? builtInMetadata(unit)] as const,
  );
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { name: plan.predictor, models: Object.fromEntries(entries), inputs, outputs };
}

type Edges<Ports> = readonly [inputs: Ports | undefined, outputs: Ports | undefined];

/** Inputs and outputs of the part of the graph under a unit; the first child speaks for its siblings. */
function edgesOf<Ports>(
  plan: Plan,
  models: readonly ModelMetadata<Ports>[],
  index: number,
): Edges<Ports> {
  const unit = plan.units[index];
  const own = models[index];
  const first = plan.units.findIndex((candidate) => candidate.parent === index);
  if (unit === undefined || first < 0) return [own?.inputs, own?.outputs];
  const child = edgesOf(plan, models, first);
  if (unit.builtIn !== null) return child;
  switch (unit.type) {
    case 'MODEL':
    case 'TRANSFORMER':
      return [own?.inputs, child[1]];
    case 'OUTPUT_TRANSFORMER':
    case 'COMBINER':
      return [child[0], own?.outputs];
    case 'ROUTER':
      return child;
    case 'UNKNOWN_TYPE':
      return byMethods(unit, own, child);
  }
}

/** A unit without a type (Seldon crashes there): what its methods change is its own, the rest is its child's. */
function byMethods<Ports>(
  unit: PlanUnit,
  own: ModelMetadata<Ports> | undefined,
  child: Edges<Ports>,
): Edges<Ports> {
  const takesInput = unit.verbs.includes('transform-input');
  const makesOutput = unit.verbs.includes('transform-output') || unit.verbs.includes('aggregate');
  return [takesInput ? own?.inputs : child[0], makesOutput ? own?.outputs : child[1]];
}
