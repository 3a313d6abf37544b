// What readers of a plan look up in it: a unit by its position, and the edge to it. The compiler sees to it that what a plan
// refers to is there.
import type { Edge, Plan, PlanUnit, Transport } from './plan.ts';

/** Throws where the plan has no such unit. */
export function unitOf(plan: Plan, index: number): PlanUnit {
  const unit = plan.units[index];
  if (unit === undefined) throw new Error(`plan ${plan.hash}: no unit ${index}`);
  return unit;
}

export function unitNameOf(plan: Plan, index: number): string {
  return unitOf(plan, index).name;
}

/** Undefined for a unit that is not reached over the transport. */
export function findEdge(plan: Plan, unit: number, transport: Transport): Edge | undefined {
  return plan.edges.find((each) => each.unit === unit && each.transport === transport);
}

/** Throws where there is none. */
export function edgeOf(plan: Plan, unit: number, transport: Transport): Edge {
  const edge = findEdge(plan, unit, transport);
  if (edge === undefined)
    throw new Error(`plan ${plan.hash}: unit ${unit} has no ${transport} edge`);
  return edge;
}
