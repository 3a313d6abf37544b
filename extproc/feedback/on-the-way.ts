// Which units a feedback passes: the root, and below each of them the children that it chose, or all of them.
import type { Plan, Step } from '../../graph/plan/plan.ts';

const ALL = -1;
/** A position that no choice is. */
const NO_CHILD = -3;

/** Says it of each unit by its position; `choices` as a walk keeps them. */
export type FindOnTheWay = (choices: Int32Array) => readonly boolean[];

export function findOnTheWay(plan: Plan): FindOnTheWay {
  const parents = plan.units.map(({ parent }) => parent);
  const positions = listPositions(plan);
  return (choices) => {
    const isOnTheWay: boolean[] = [];
    for (const [unit, parent] of parents.entries()) {
      const choice = parent < 0 ? ALL : (choices[parent] as number);
      // Units come in pre-order, so a parent is known before its children.
      isOnTheWay[unit] =
        (parent < 0 || isOnTheWay[parent] === true) &&
        (choice === ALL || choice === positions[unit]);
    }
    return isOnTheWay;
  };
}

/** Of each unit its position among its parent's children. */
function listPositions(plan: Plan): readonly number[] {
  const positions = plan.units.map(() => NO_CHILD);
  const visit = ({ children }: Step): void => {
    for (const [position, child] of children.entries()) {
      positions[child.unit] = position;
      visit(child);
    }
  };
  visit(plan.walk);
  return positions;
}
