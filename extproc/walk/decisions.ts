// The decisions of one walk: which branch each unit chose. Kept as one number a unit; said as the header
// `seldon-routing` (what routers decided) and as `meta.routing` (every unit, as Seldon's executor lists them).
import { MAX_ROUTING_HEADER_BYTES } from '../../graph/plan/names.ts';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import type { Routing } from '../../dialects/dialect.ts';

/** The unit was not reached. */
export const NOT_REACHED = -128;
/** All children; also what a unit without a choice of its own is listed with. */
export const ALL = -1;
/** No child: the walk turns back. */
export const NONE = -2;

/** What can be said of the units before a request is seen. */
export interface DecisionTable {
  readonly names: readonly string[];
  /** For each unit that decides: `"name":`; '' for the others. */
  readonly keys: readonly string[];
  /** False when no unit decides. */
  readonly any: boolean;
  /** Where one unit alone decides: `seldon-routing` for each of its choices, from `NONE` on. */
  readonly only: { readonly unit: number; readonly headers: readonly string[] } | undefined;
}

export function buildDecisionTable(plan: Plan): DecisionTable {
  const keys = plan.units.map(() => '');
  const deciders: Step[] = [];
  const visit = (step: Step): void => {
    if (step.choose !== null && step.choose.kind !== 'all') {
      keys[step.unit] = `${JSON.stringify(plan.units[step.unit]?.name)}:`;
      deciders.push(step);
    }
    step.children.forEach(visit);
  };
  visit(plan.walk);
  const [first, second] = deciders;
  return {
    names: plan.units.map((unit) => unit.name),
    keys,
    any: first !== undefined,
    only: first === undefined || second !== undefined ? undefined : listHeaders(first, keys),
  };
}

function listHeaders({ unit, children }: Step, keys: readonly string[]): DecisionTable['only'] {
  const headerOf = (choice: number): string => withinLimit(`{${keys[unit]}${choice}}`);
  return { unit, headers: [NONE, ALL, ...children.keys()].map(headerOf) };
}

/** Value of `seldon-routing`: compact JSON, units in pre-order; '' without decisions and when it is too long. */
export function routingHeader(table: DecisionTable, choices: Int32Array | undefined): string {
  if (choices === undefined || !table.any) return '';
  const { only } = table;
  const known = only?.headers[(choices[only.unit] as number) - NONE];
  if (known !== undefined) return known;
  let text = '';
  for (let unit = 0; unit < choices.length; unit++) {
    const key = table.keys[unit];
    if (key === '' || choices[unit] === NOT_REACHED) continue;
    text += `${text === '' ? '{' : ','}${key}${choices[unit]}`;
  }
  return text === '' ? '' : withinLimit(`${text}}`);
}

function withinLimit(header: string): string {
  return header.length > MAX_ROUTING_HEADER_BYTES ? '' : header;
}

/** `meta.routing`: every unit that was called on the way in or chose among children. */
export function routingMap(table: DecisionTable, choices: Int32Array): Routing {
  const map: Record<string, number> = {};
  for (let unit = 0; unit < choices.length; unit++) {
    const choice = choices[unit] as number;
    if (choice !== NOT_REACHED) map[table.names[unit] as string] = choice;
  }
  return map;
}
