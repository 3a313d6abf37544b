// The policies by the name that a plan gives; graph/built-ins has a row under each.
import { openEpsilonGreedy } from './epsilon-greedy.ts';
import type { OpenPolicy, ChoicePolicy, PolicySpec } from './policy.ts';
import { openRandomAbTest } from './random-abtest.ts';
import { openSimpleRouter } from './simple-router.ts';
import { openThompsonSampling } from './thompson-sampling.ts';

export const POLICIES: Readonly<Record<string, OpenPolicy>> = {
  SIMPLE_ROUTER: openSimpleRouter,
  RANDOM_ABTEST: openRandomAbTest,
  EPSILON_GREEDY: openEpsilonGreedy,
  THOMPSON_SAMPLING: openThompsonSampling,
};

/** A plan of a later version may name one that is not here: its requests are answered with ROUTE_OUT_OF_RANGE. */
const UNKNOWN: ChoicePolicy = { choose: () => Number.MAX_SAFE_INTEGER };

export function openPolicy(name: string, spec: PolicySpec): ChoicePolicy {
  return (Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined)?.(spec) ?? UNKNOWN;
}
