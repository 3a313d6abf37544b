// THOMPSON_SAMPLING learns from feedback how likely each child is the best one, and draws by that.
import type { BuiltIn } from './built-in.ts';
import { checkLearner, MAX_LEARNED_BRANCHES, readNumber } from './learner-parameters.ts';

const NAMES = ['n_branches', 'seed'];

export const THOMPSON_SAMPLING: BuiltIn = {
  name: 'THOMPSON_SAMPLING',
  type: 'ROUTER',
  replaces: 'mab_thompson_sampling',
  children: { least: 1, most: MAX_LEARNED_BRANCHES },
  policy: {
    learns: true,
    parameters: (written) => {
      const seed = readNumber(written, 'seed');
      return seed === undefined ? {} : { seed };
    },
    describe: () =>
      'learned from feedback: a draw, each child as often as it is likely the best one',
  },
  check: (unit, sink) => checkLearner(unit, NAMES, sink),
};
