// All built-ins by the name that a manifest gives as `implementation`.
import { splitImage } from '../plan/split-image.ts';
import { AVERAGE_COMBINER } from './average-combiner.ts';
import type { BuiltIn, BuiltInPolicy } from './built-in.ts';
import { EPSILON_GREEDY } from './epsilon-greedy.ts';
import { RANDOM_ABTEST } from './random-abtest.ts';
import { SIMPLE_MODEL } from './simple-model.ts';
import { SIMPLE_ROUTER } from './simple-router.ts';
import { THOMPSON_SAMPLING } from './thompson-sampling.ts';

export const BUILT_INS: Readonly<Record<string, BuiltIn>> = Object.fromEntries(
  [
    SIMPLE_MODEL,
    SIMPLE_ROUTER,
    RANDOM_ABTEST,
    EPSILON_GREEDY,
    THOMPSON_SAMPLING,
    AVERAGE_COMBINER,
  ].map((row) => [row.name, row]),
);

export function findBuiltIn(implementation: string | null | undefined): BuiltIn | undefined {
  if (implementation === undefined || implementation === null) return undefined;
  return Object.hasOwn(BUILT_INS, implementation) ? BUILT_INS[implementation] : undefined;
}

/** The built-in that does what a container of that image does, from whatever registry it comes. */
export function findReplacement(image: string): BuiltIn | undefined {
  const [tagged = ''] = image.split('@', 1);
  const path = splitImage(tagged).image;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return Object.values(BUILT_INS).find(
    ({ replaces }) => replaces !== undefined && replaces === name,
  );
}

/** The policy of a name in a plan; undefined for one of a later version. */
export function findPolicy(name: string): BuiltInPolicy | undefined {
  return findBuiltIn(name)?.policy;
}

/** The key of a prepackaged server: any implementation that is not built in. */
export function parseServer(implementation: string | undefined): string | undefined {
  if (implementation === undefined || implementation === 'UNKNOWN_IMPLEMENTATION') return undefined;
  return findBuiltIn(implementation) === undefined ? implementation : undefined;
}
