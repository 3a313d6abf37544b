// A live state as a table for the terminal: a row for each predictor, below it the tree of its units.
import type { LivePod, LivePredictor, LiveState, Traffic } from '../../../sidecar/live/state.ts';
import { depthOf, millis, percent, quantile, rate } from '../../../sidecar/live/page/words.ts';
import { plain } from '../../live/plain.ts';
import { renderTable } from '../../../lib/runtime/table.ts';

/** Of what `numbers` gives. */
export const NUMBERS_HEADING = ['REQ/S', 'ERR/S', 'MEAN MS', 'P50 MS', 'P99 MS', 'TOTAL'];

const HEADING = ['UNIT', 'KIND', 'SHARE', 'IN FLIGHT', ...NUMBERS_HEADING];

const POD_HEADING = ['POD', 'PREDICTOR', 'PLAN', 'REQ/S', 'STATE'];

/** Ends with a line break. */
export function renderTop(state: LiveState): string {
  const { namespace, deployment, inFlight, windowSeconds, predictors } = state;
  const flight = inFlight === null ? '' : `, ${inFlight} in flight`;
  const head = `${namespace}/${deployment}  ${state.at.slice(11, 19)} UTC, over ${Math.round(windowSeconds)} s${flight}`;
  const rows = predictors.flatMap(predictorRows);
  const pods =
    state.pods.length === 0 ? '' : `\n${tableOf([POD_HEADING, ...state.pods.map(podRow)])}`;
  return `${plain(head)}\n\n${tableOf([HEADING, ...rows])}${pods}`;
}

/** Names come out of pods, and must not steer the terminal. Ends with a line break. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  return `${renderTable(rows.map((row) => row.map(plain)))}\n`;
}

function podRow({ name, predictor, state, why, plan, perSecond }: LivePod): string[] {
  const what = state === 'silent' ? why : state;
  return [name, predictor, plan, perSecond === null ? '–' : rate(perSecond), what];
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

export function numbers(traffic: Traffic): string[] {
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
