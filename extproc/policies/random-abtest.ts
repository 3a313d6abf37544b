// RANDOM_ABTEST: the first child with the probability `ratioA`, else the second.
import type { OpenPolicy } from './policy.ts';

export const openRandomAbTest: OpenPolicy = ({ parameters }) => {
  const ratioA = Number(parameters['ratioA']);
  return { choose: (_headers, random) => (random() < ratioA ? 0 : 1) };
};
