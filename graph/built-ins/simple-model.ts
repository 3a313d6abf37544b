// SIMPLE_MODEL answers itself: the constant response of Seldon's old engine, for trying a graph out.
import type { BuiltIn } from './built-in.ts';

export const SIMPLE_MODEL: BuiltIn = {
  name: 'SIMPLE_MODEL',
  type: 'MODEL',
  children: { least: 0, most: 0 },
  input: 'simple-model',
};
