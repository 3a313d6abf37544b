// Numbers in Grafana's units: a unit's name and the largest number of an axis go in, the step by which numbers are divided and the word
// behind them come out.

export interface AxisUnit {
  readonly divisor: number;
  readonly suffix: string;
}

type Steps = readonly (readonly [divisor: number, suffix: string])[];

/** From small to large; the first is for all that is smaller. */
const SECONDS: Steps = [
  [1e-6, ' µs'],
  [1e-3, ' ms'],
  [1, ' s'],
  [60, ' min'],
  [3600, ' h'],
];
const BYTES: Steps = [
  [1, ' B'],
  [1024, ' KiB'],
  [1024 ** 2, ' MiB'],
  [1024 ** 3, ' GiB'],
];
const COUNTS: Steps = [
  [1, ''],
  [1e3, ' K'],
  [1e6, ' Mil'],
];
const FIXED: Readonly<Record<string, AxisUnit>> = {
  percentunit: { divisor: 0.01, suffix: '%' },
  percent: { divisor: 1, suffix: '%' },
  reqps: { divisor: 1, suffix: ' req/s' },
  ops: { divisor: 1, suffix: ' ops/s' },
  decmbytes: { divisor: 1, suffix: ' MB' },
};
const STEPS: Readonly<Record<string, Steps>> = { s: SECONDS, bytes: BYTES, short: COUNTS };

/** Throws for a unit that no board has had so far. */
export function axisUnit(unit: string, largest: number): AxisUnit {
  const fixed = FIXED[unit];
  if (fixed !== undefined) return fixed;
  const steps = STEPS[unit];
  if (steps === undefined)
    throw new Error(`the unit ${unit} is not known to dashboards/pictures/units.ts`);
  // Nothing but zeros: in the unit's own words.
  const wanted = largest === 0 ? 1 : largest;
  const [divisor, suffix] = steps.findLast(([each]) => each <= wanted) ?? steps[0] ?? [1, ''];
  return { divisor, suffix };
}
