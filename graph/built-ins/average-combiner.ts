// AVERAGE_COMBINER makes one response of its children's: the element-wise mean.
import type { BuiltIn } from './built-in.ts';

export const AVERAGE_COMBINER: BuiltIn = {
  name: 'AVERAGE_COMBINER',
  type: 'COMBINER',
  children: { least: 1, most: Infinity },
  merge: 'average',
};
