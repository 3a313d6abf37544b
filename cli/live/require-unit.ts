// A unit that a filter names has to be one of the graph's: otherwise nothing would ever be shown, and nobody told why.
import { CommandFailure } from '../../lib/runtime/failure.ts';
import type { LivePredictor } from '../../sidecar/live/state.ts';

/** Throws a CommandFailure that lists the units. */
export function requireUnit(name: string, predictors: readonly LivePredictor[]): void {
  const names = new Set(predictors.flatMap(({ units }) => units.map((unit) => unit.name)));
  if (names.has(name)) return;
  throw new CommandFailure(
    'UNIT_UNKNOWN',
    `the graph has no unit ${name}`,
    `it has: ${[...names].join(', ')}`,
  );
}
