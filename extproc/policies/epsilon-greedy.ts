// EPSILON_GREEDY: the child with the best mean of rewards; for the share `epsilon` of the requests one of the others, each as likely.
// Before the first feedback the best one is `best_branch`, or drawn; of several that are equally good it is drawn too, after each change.
import { drawBelow, seededSource, type Source } from './draws.ts';
import type { OpenPolicy } from './policy.ts';
import type { UnitState } from './state-store.ts';

export const openEpsilonGreedy: OpenPolicy = ({ parameters, children, state }) => {
  const epsilon = Number(parameters['epsilon']);
  const first = parameters['best_branch'];
  const seed = parameters['seed'];
  const seeded = seed === undefined ? undefined : seededSource(Number(seed));
  let best = 0;
  /** What `best` was found in. */
  let version = -1;
  return {
    choose: (_headers, random) => {
      const draw = seeded ?? random;
      if (state.version !== version) {
        version = state.version;
        best =
          findBest(state, draw) ??
          (first === undefined ? drawBelow(children, draw) : Number(first));
      }
      if (children === 1 || draw() >= epsilon) return best;
      const other = drawBelow(children - 1, draw);
      return other < best ? other : other + 1;
    },
  };
};

/** Undefined while there is no feedback. A branch without any counts as one of value 0. */
function findBest({ branches }: UnitState, draw: Source): number | undefined {
  if (branches.every(({ tries }) => tries === 0)) return undefined;
  let best = 0;
  let highest = -1;
  let equals = 0;
  for (const [at, { tries, successes }] of branches.entries()) {
    const value = tries === 0 ? 0 : successes / tries;
    if (value < highest) continue;
    equals = value > highest ? 1 : equals + 1;
    // Each of several that are equal stays with the same probability.
    if (equals === 1 || drawBelow(equals, draw) === 0) best = at;
    highest = value;
  }
  return best;
}
