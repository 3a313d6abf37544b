// A live state as a table for the terminal: a row for each predictor, below it the tree of its units.
import type { LivePredictor, LiveState, Traffic } from '../../../sidecar/live/state.ts';
import { depthOf, millis, percent, quantile, rate } from '../../../sidecar/live/page/words.ts';
import { renderTable } from '../../../lib/runtime/table.ts';

const HEADING = [
  'UNIT',
  'KIND',
  'SHARE',
  'IN FLIGHT',
  'REQ/S',
  'ERR/S',
  'MEAN MS',
  'P50 MS',
  'P99 MS',
  'TOTAL',
];

/** Ends with a line break. */
export function renderTop(state: LiveState): string {
  const { namespace, deployment, inFlight, windowSeconds, predictors } = state;
  const flight = inFlight === null ? '' : `, ${inFlight} in flight`;
  const head = `${namespace}/${deployment}  ${state.at.slice(11, 19)} UTC, over ${Math.round(windowSeconds)} s${flight}`;
  const rows = predictors.flatMap(predictorRows);
  return `${head}\n\n${renderTable([HEADING, ...rows])}\n`;
}

function predictorRows(predictor: LivePredictor): string[][] {
  const { name, percent: share, shadow, units } = predictor;
  return [
    [name, shadow ? 'shadow' : 'predictor', `${share} %`, '', ...numbers(predictor)],
    ...units.map((unit) => [
      `${'  '.repeat(1 + depthOf(units, unit))}${unit.name}`,
      unit.kind,
      unit.share === null ? '' : percent(unit.share),
      String(unit.inFlight),
      ...numbers(unit),
    ]),
  ];
}

function numbers(traffic: Traffic): string[] {
  const { perSecond, errorsPerSecond, meanMs, p50Ms, p99Ms, total } = traffic;
  return [
    rate(perSecond),
    rate(errorsPerSecond),
    millis(meanMs),
    quantile(p50Ms),
    quantile(p99Ms),
    String(total),
  ];
}
