// EPSILON_GREEDY learns from feedback which child is best, and tries another one for a share `epsilon` of the requests.
import type { BuiltIn } from './built-in.ts';
import {
  checkLearner,
  DEFAULT_EPSILON,
  MAX_LEARNED_BRANCHES,
  readNumber,
} from './learner-parameters.ts';

const NAMES = ['n_branches', 'epsilon', 'best_branch', 'seed'];

export const EPSILON_GREEDY: BuiltIn = {
  name: 'EPSILON_GREEDY',
  type: 'ROUTER',
  replaces: 'mab_epsilon_greedy',
  children: { least: 1, most: MAX_LEARNED_BRANCHES },
  policy: {
    learns: true,
    parameters: (written) => {
      const best = readNumber(written, 'best_branch');
      const seed = readNumber(written, 'seed');
      return {
        epsilon: readNumber(written, 'epsilon') ?? DEFAULT_EPSILON,
        ...(best === undefined ? {} : { best_branch: best }),
        ...(seed === undefined ? {} : { seed }),
      };
    },
    describe: ({ epsilon }) =>
      `learned from feedback: the child of the best rewards, for ${Math.round(Number(epsilon) * 1e6) / 1e4} % of the requests another one`,
  },
  check: (unit, sink) => checkLearner(unit, NAMES, sink),
};
