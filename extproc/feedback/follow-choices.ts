// Finds the branches that a request took again in the plan that its feedback meets, which may be a later one: by the names of
// units and children. Feedback follows them only if it leads to the very units that the request passed, and to no others.
import { unitNameOf } from '../../graph/plan/queries.ts';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import type { Choice } from './branch-memory.ts';

export type Followed =
  | {
      readonly kind: 'branches';
      /** The choice of each unit, by its position. */
      readonly choices: Int32Array;
      /** The same by name, of the units that chose. */
      readonly routing: Readonly<Record<string, number>>;
    }
  /** `info`: which unit or child is not there. */
  | { readonly kind: 'gone'; readonly info: string };

const ALL = -1;
const NONE = -2;

export function followChoices(plan: Plan, remembered: readonly Choice[]): Followed {
  const choices = new Int32Array(plan.units.length).fill(ALL);
  const routing: Record<string, number> = {};
  const left = new Map(remembered.map((choice) => [choice.unit, choice]));
  const nameOf = ({ unit }: Step): string => unitNameOf(plan, unit);
  /** What is missing on the way through a step; undefined for nothing. */
  const follow = (step: Step): string | undefined => {
    if (step.choose === null || step.choose.kind === 'all') return followAll(step.children);
    const name = nameOf(step);
    const choice = left.get(name);
    if (choice === undefined) return `unit "${name}" did not choose for that request`;
    left.delete(name);
    const branch = branchOf(choice, step.children.map(nameOf));
    if (typeof branch === 'string') return branch;
    choices[step.unit] = branch;
    routing[name] = branch;
    if (branch === NONE) return undefined;
    const child = step.children[branch];
    return child === undefined ? followAll(step.children) : follow(child);
  };
  const followAll = (steps: readonly Step[]): string | undefined => {
    for (const step of steps) {
      const missing = follow(step);
      if (missing !== undefined) return missing;
    }
    return undefined;
  };
  const missing = follow(plan.walk) ?? notMet(left);
  if (missing !== undefined) return { kind: 'gone', info: missing };
  return { kind: 'branches', choices, routing };
}

/** The branch that leads to the same children, or which of them is not there. */
function branchOf({ unit, children, branch }: Choice, now: readonly string[]): number | string {
  if (branch === NONE) return NONE;
  const gone = children.find((child) => !now.includes(child));
  if (gone !== undefined) return `unit "${unit}" has no child "${gone}"`;
  if (branch !== ALL) return now.indexOf(children[0] ?? '');
  if (children.length === now.length) return ALL;
  return `unit "${unit}" has children that the request did not pass`;
}

function notMet(left: ReadonlyMap<string, Choice>): string | undefined {
  const [name] = left.keys();
  return name === undefined ? undefined : `unit "${name}" is not on the way`;
}
