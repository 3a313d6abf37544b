// THOMPSON_SAMPLING: for each child a draw of what its mean reward may be, and the highest draw wins. The draws are of the beta
// distribution that a uniform one becomes by the child's successes and failures.
import { drawBeta, seededSource } from './draws.ts';
import type { OpenPolicy } from './policy.ts';

export const openThompsonSampling: OpenPolicy = ({ parameters, state: { branches } }) => {
  const seed = parameters['seed'];
  const seeded = seed === undefined ? undefined : seededSource(Number(seed));
  return {
    choose: (_headers, random) => {
      const draw = seeded ?? random;
      let best = 0;
      let highest = -1;
      for (let at = 0; at < branches.length; at++) {
        const { tries, successes } = branches[at] as (typeof branches)[number];
        const value = drawBeta(1 + successes, 1 + tries - successes, draw);
        if (value > highest) {
          highest = value;
          best = at;
        }
      }
      return best;
    },
  };
};
