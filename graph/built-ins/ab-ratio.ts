// The share of the first child of a RANDOM_ABTEST: parameter `ratioA`.
import type { Parameter } from '../plan/deployment.ts';

/** What the executor uses when there is no `ratioA`. */
export const DEFAULT_RATIO = 0.5;

/** The ratio, undefined when the parameter is absent, NaN when it is no number from 0 to 1. */
export function parseRatio(
  parameters: readonly Pick<Parameter, 'name' | 'value'>[],
): number | undefined {
  const written = parameters.find((parameter) => parameter.name === 'ratioA');
  if (written === undefined) return undefined;
  const text = written.value.trim();
  const ratio = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return ratio >= 0 && ratio <= 1 ? ratio : Number.NaN;
}
