// Which unit a request for status or metadata is for, and of which model of it. In: the name that the request gives; out: the unit's
// position and the model's name, null for none.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';

export interface AskedModel {
  readonly unit: number;
  readonly model: string;
}

/** A name that is no unit's is, for protocols that name models, that of a model of the graph's only unit. */
export function findAsked(plan: Plan, name: string): AskedModel | null {
  const index = plan.units.findIndex((unit) => unit.name === name);
  if (index >= 0) {
    const edge = plan.edges.find(({ unit }) => unit === index);
    return { unit: index, model: edge?.model ?? name };
  }
  const [only, ...others] = plan.units.keys();
  const namesModels = dialectOf(plan.dialect).modelInPath !== null;
  return namesModels && only !== undefined && others.length === 0
    ? { unit: only, model: name }
    : null;
}
