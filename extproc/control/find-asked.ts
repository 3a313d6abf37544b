// Which unit a request for status or metadata is for. In: the name that it gives; out: the unit's position, null for none.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';

/** A name that is no unit's is, for protocols that name models, that of a model of the graph's only unit. */
export function findAsked(plan: Plan, name: string): number | null {
  const index = plan.units.findIndex((unit) => unit.name === name);
  if (index >= 0) return index;
  const [only, ...others] = plan.units.keys();
  const namesModels = dialectOf(plan.dialect).modelInPath !== null;
  return namesModels && only !== undefined && others.length === 0 ? only : null;
}
