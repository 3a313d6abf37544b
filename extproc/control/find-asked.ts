// Which unit a request for status or metadata is for, and of which model of it. In: the name that the request gives; out: the unit's
// position and the model's name, undefined for none.
import type { Dialect } from '../../dialects/dialect.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Plan } from '../../graph/plan/plan.ts';

export interface AskedModel {
  readonly unit: number;
  readonly model: string;
}

/** A name that is no unit's is, for protocols that name models, that of a model of the graph's only unit. */
export function findAsked(plan: Plan, name: string): AskedModel | undefined {
  const index = plan.units.findIndex((unit) => unit.name === name);
  if (index >= 0) {
    const edge = plan.edges.find(({ unit }) => unit === index);
    return { unit: index, model: edge?.model ?? name };
  }
  const [only, ...others] = plan.units.keys();
  return namesModels(dialectOf(plan.dialect)) && only !== undefined && others.length === 0
    ? { unit: only, model: name }
    : undefined;
}

/** What a name is answered with that is nobody's: Seldon says 500, servers of protocols that name models say that it is not found. */
export function unknownModel(dialect: Dialect, name: string): UnknownModel {
  const code = namesModels(dialect) ? 'MODEL_UNKNOWN' : 'UNIT_UNKNOWN';
  return { code, info: `Failed to find model ${name}` };
}

export interface UnknownModel {
  readonly code: 'MODEL_UNKNOWN' | 'UNIT_UNKNOWN';
  readonly info: string;
}

function namesModels({ modelInPath }: Dialect): boolean {
  return modelInPath !== undefined;
}
