// SIMPLE_ROUTER sends every request to its first child.
import type { BuiltIn } from './built-in.ts';

export const SIMPLE_ROUTER: BuiltIn = {
  name: 'SIMPLE_ROUTER',
  type: 'ROUTER',
  children: { least: 1, most: Infinity },
  policy: {
    parameters: () => ({}),
    shares: () => [1],
    describe: () => 'the first child',
  },
};
