// A whole board as SVG: its panels, what Prometheus answered to each of their queries, and a theme go in.
import type { Series, TimeRange } from '../../e2e/harness/prometheus.ts';
import type { DrawnBoard, DrawnPanel } from './board.ts';
import { type Box, type Line, renderChart } from './chart.ts';
import { COLOURS, type Colours, escape, FONT, type Theme } from './svg.ts';

const COLUMN = 40;
const WIDTH = 24 * COLUMN;
const UNIT = 26;
const GAP = 6;
const HEAD = 40;

/** The answers to a panel's queries, in their order. */
export type Answers = ReadonlyMap<DrawnPanel, readonly (readonly Series[])[]>;

/** Path of the picture of a board, from the root. */
export function picturePath(uid: string, theme: Theme): string {
  return `docs/images/${uid.replace(/^sidegraph-/, 'board-')}-${theme}.svg`;
}

export function renderPicture(
  board: DrawnBoard,
  answers: Answers,
  range: TimeRange,
  theme: Theme,
): string {
  const colours = COLOURS[theme];
  const times: number[] = [];
  for (let at = range.startS; at <= range.endS; at += range.stepS) times.push(at * 1000);
  const height =
    HEAD + Math.max(...board.panels.map(({ place }) => place.y + place.h)) * UNIT + GAP;
  return [
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${WIDTH} ${height}' width='${WIDTH}' height='${height}' role='img' ${FONT}>`,
    `<title>${escape(board.title)}</title>`,
    `<rect width='${WIDTH}' height='${height}' rx='4' fill='${colours.page}'/>`,
    `<text x='${GAP * 2}' y='26' font-size='16' font-weight='500' fill='${colours.text}'>${escape(board.title)}</text>`,
    ...board.panels.map((panel) => {
      const box = boxOf(panel);
      if (panel.kind === 'row') return renderRow(panel, box, colours);
      return renderChart(
        panel,
        linesOf(panel, answers.get(panel) ?? [], times),
        times,
        box,
        colours,
      );
    }),
    '</svg>',
    '',
  ].join('\n');
}

function boxOf({ place }: DrawnPanel): Box {
  return {
    x: place.x * COLUMN + GAP / 2,
    y: HEAD + place.y * UNIT + GAP / 2,
    width: place.w * COLUMN - GAP,
    height: place.h * UNIT - GAP,
  };
}

function renderRow(panel: DrawnPanel, { x, y, height }: Box, { text }: Colours): string {
  const middle = y + height / 2;
  return [
    `<g data-panel='${panel.fingerprint}'>`,
    `<path d='M${x + 8} ${middle - 2}l4 4l4 -4' fill='none' stroke='${text}' stroke-width='1.5'/>`,
    `<text x='${x + 24}' y='${middle + 5}' font-size='13' font-weight='500' fill='${text}'>${escape(panel.title)}</text>`,
    '</g>',
  ].join('\n');
}

/** Series of all queries, named by the legends; in the order of the names, as equal data should give equal pictures. */
function linesOf(
  panel: DrawnPanel,
  answers: readonly (readonly Series[])[],
  times: readonly number[],
): readonly Line[] {
  return panel.queries.flatMap(({ legend }, index) =>
    (answers[index] ?? [])
      .map(({ labels, values }) => {
        const known = new Map(values.map(([atS, value]) => [Math.round(atS * 1000), value]));
        return {
          name: legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ''),
          values: times.map((time) => finite(known.get(Math.round(time)))),
        };
      })
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  );
}

/** Prometheus answers NaN where 0 is divided by 0. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
