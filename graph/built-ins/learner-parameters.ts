// The parameters of built-in routers that learn, under the names that Seldon's images of the same routers take
// (components/routers of Seldon Core: EpsilonGreedy.py, ThompsonSampling.py).
import { didYouMean } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import type { Parameter } from '../plan/deployment.ts';
import type { WrittenUse } from './built-in.ts';

/** The share of requests that do not go to the best branch, as in Seldon's image. */
export const DEFAULT_EPSILON = 0.1;
/** Branches of a router that learns: each has numbers in every process, and series in the metrics. */
export const MAX_LEARNED_BRANCHES = 64;

/** As NumPy takes it, which Seldon's images draw by. */
const MAX_SEED = 2 ** 32 - 1;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
/** What Seldon's images write to their own log, or keep in memory where nobody reads it. */
const UNUSED = ['verbose', 'history', 'branch_names'];

type Parameters = readonly Pick<Parameter, 'name' | 'value'>[];

interface Range {
  readonly isIn: (value: number, children: number) => boolean;
  readonly form: RegExp;
  /** What it should be, for a unit with so many children. */
  readonly wanted: (children: number) => string;
  readonly advice: string;
}

const RANGES: Readonly<Record<string, Range>> = {
  n_branches: {
    isIn: (value, children) => value === children,
    form: INTEGER,
    wanted: (children) => `the number of its children, ${children}`,
    advice: 'correct n_branches, or leave it out: the children are counted',
  },
  epsilon: {
    isIn: (value) => value >= 0 && value <= 1,
    form: DECIMAL,
    wanted: () => 'a number from 0 to 1',
    advice: 'write the share of requests that try another branch, as in value: "0.1"',
  },
  best_branch: {
    isIn: (value, children) => value >= 0 && value < children,
    form: INTEGER,
    wanted: (children) => `the position of a child, 0 to ${children - 1}`,
    advice: 'write the position of the child to begin with, or leave best_branch out',
  },
  seed: {
    isIn: (value) => value >= 0 && value <= MAX_SEED,
    form: INTEGER,
    wanted: () => `a whole number from 0 to ${MAX_SEED}`,
    advice: 'write such a number, or leave seed out',
  },
};

/** The number under a name; undefined when it is absent, NaN when it is none. */
export function readNumber(parameters: Parameters, name: string): number | undefined {
  const written = parameters.find((parameter) => parameter.name === name);
  if (written === undefined) return undefined;
  const text = written.value.trim();
  return RANGES[name]?.form.test(text) === true ? Number(text) : Number.NaN;
}

/** Adds a finding for each parameter that is out of its range, and for each that is not used; `names`: those that are. */
export function checkLearner(unit: WrittenUse, names: readonly string[], sink: FindingSink): void {
  const children = unit.children.length;
  const known = [...names, ...UNUSED];
  for (const { name, value, path } of unit.parameters) {
    const range = names.includes(name) ? RANGES[name] : undefined;
    if (range === undefined) {
      const advice = known.includes(name) ? undefined : didYouMean(name, names);
      const message = `${unit.implementation} does not use the parameter ${shorten(name)}`;
      sink.add('PARAMETER_NO_EFFECT', path, message, advice);
      continue;
    }
    const isAboutChildren = name === 'n_branches' || name === 'best_branch';
    const isUnread =
      isAboutChildren && (children === 0 || sink.hasErrorsAt(`${unit.path}.children`));
    if (isUnread || sink.hasErrorsAt(`${path}.value`)) continue;
    const number = readNumber(unit.parameters, name) ?? Number.NaN;
    if (range.isIn(number, children)) continue;
    const message = `${name} of ${unit.name} is ${shorten(value)}, not ${range.wanted(children)}`;
    sink.add('LEARNER_PARAMETER', `${path}.value`, message, range.advice);
  }
}
