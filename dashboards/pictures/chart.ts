// A panel of time series as SVG: series and the panel's box go in; title, axes with units, lines over filled areas and a legend come out,
// as Grafana lays them out.
import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { DrawnPanel } from './board.ts';
import { type Colours, escape, LINE_COLOURS, round, shorten, textWidth } from './svg.ts';
import { axisUnit } from './units.ts';

export interface Line {
  readonly name: string;
  /** A value for each time, undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const TITLE = 12;
const LABEL = 10;
const PADDING = 8;
const TITLE_HEIGHT = 32;
const AXIS_HEIGHT = 18;
const LEGEND_LINE = 15;
const LEGEND_LINES = 4;
const SWATCH = 10;
const Y_TICKS = 4;
const X_TICKS = 3;
const TIME_WIDTH = textWidth('00:00', LABEL);

/** `times`: Unix times in ms, one for each value of every line. */
export function renderChart(
  panel: DrawnPanel,
  lines: readonly Line[],
  times: readonly number[],
  box: Box,
  colours: Colours,
): string {
  const title = shorten(panel.title, TITLE, box.width - 2 * PADDING);
  return [
    `<g data-panel='${panel.fingerprint}'>`,
    `<title>${escape(panel.title)}</title>`,
    `<rect x='${box.x}' y='${box.y}' width='${box.width}' height='${box.height}' rx='2' fill='${colours.panel}' stroke='${colours.border}'/>`,
    `<text x='${box.x + PADDING}' y='${box.y + 18}' font-size='${TITLE}' font-weight='500' fill='${colours.text}'>${escape(title)}</text>`,
    ...(lines.some(hasValues)
      ? renderPlot(panel, lines, times, box, colours)
      : [renderNoData(box, colours)]),
    '</g>',
  ].join('\n');
}

function hasValues({ values }: Line): boolean {
  return values.some((value) => value !== undefined);
}

function renderNoData({ x, y, width, height }: Box, { quiet }: Colours): string {
  return `<text x='${x + width / 2}' y='${y + height / 2 + 4}' font-size='${TITLE}' text-anchor='middle' fill='${quiet}'>No data</text>`;
}

function renderPlot(
  panel: DrawnPanel,
  lines: readonly Line[],
  times: readonly number[],
  box: Box,
  colours: Colours,
): readonly string[] {
  const legend = layLegend(lines, box.width - 2 * PADDING);
  const values = lines.flatMap((each) => each.values.filter((value) => value !== undefined));
  const largest = Math.max(...values);
  const smallest = panel.min ?? Math.min(...values);
  const { divisor, suffix } = axisUnit(panel.unit, Math.max(Math.abs(largest), Math.abs(smallest)));
  const top = box.y + TITLE_HEIGHT;
  const bottom = box.y + box.height - AXIS_HEIGHT - PADDING - legend.lines * LEGEND_LINE;
  // A line at the least value alone still needs an axis.
  const high = largest > smallest ? largest : smallest + divisor;
  const y = scaleLinear([smallest / divisor, high / divisor], [bottom, top]).nice(Y_TICKS);
  const ticks = y.ticks(Y_TICKS);
  const format = y.tickFormat(Y_TICKS);
  const labels = ticks.map((tick) => `${format(tick)}${suffix}`);
  const left = box.x + PADDING + Math.max(...labels.map((label) => textWidth(label, LABEL))) + 6;
  const right = box.x + box.width - PADDING;
  const x = scaleUtc([times[0] ?? 0, times.at(-1) ?? 0], [left, right]);
  const floor = y(Math.max(0, y.domain()[0] ?? 0));

  const points = (values: Line['values']): [number, number | undefined][] =>
    values.map((value, index) => [
      x(times[index] ?? 0),
      value === undefined ? undefined : y(value / divisor),
    ]);
  type Point = [number, number | undefined];
  const isDefined = ([, value]: Point): boolean => value !== undefined;
  const drawLine = line<Point>(
    ([at]) => at,
    ([, value]) => value ?? 0,
  )
    .defined(isDefined)
    .digits(1);
  const drawArea = area<Point>(
    ([at]) => at,
    floor,
    ([, value]) => value ?? 0,
  )
    .defined(isDefined)
    .digits(1);
  return [
    ...ticks.map((tick, index) => {
      const at = round(y(tick));
      return `<path d='M${round(left)} ${at}H${right}' stroke='${colours.grid}'/><text x='${round(left - 5)}' y='${round(at + 3.5)}' font-size='${LABEL}' text-anchor='end' fill='${colours.quiet}'>${escape(labels[index] ?? '')}</text>`;
    }),
    ...x.ticks(X_TICKS).map((tick) => {
      const at = round(x(tick));
      // A time at the edge would end in the next panel.
      const label = at > right - TIME_WIDTH / 2 ? '' : tick.toISOString().slice(11, 16);
      return `<path d='M${at} ${round(top)}V${round(bottom)}' stroke='${colours.grid}'/><text x='${at}' y='${round(bottom + 13)}' font-size='${LABEL}' text-anchor='middle' fill='${colours.quiet}'>${label}</text>`;
    }),
    ...lines.flatMap(({ values }, index) => {
      const drawn = points(values);
      const colour = colourOf(index);
      return [
        `<path d='${drawArea(drawn) ?? ''}' fill='${colour}' fill-opacity='.1'/>`,
        `<path d='${drawLine(drawn) ?? ''}' fill='none' stroke='${colour}' stroke-width='1.2'/>`,
      ];
    }),
    ...legend.entries.map(({ name, index, x: atX, line: at }) => {
      const baseline = bottom + AXIS_HEIGHT + 12 + at * LEGEND_LINE;
      const start = round(box.x + PADDING + atX);
      const swatch =
        index === undefined
          ? ''
          : `<path d='M${start} ${round(baseline - 3.5)}h${SWATCH}' stroke='${colourOf(index)}' stroke-width='3'/>`;
      return `${swatch}<text x='${round(start + SWATCH + 4)}' y='${round(baseline)}' font-size='${LABEL}' fill='${colours.text}'>${escape(name)}</text>`;
    }),
  ];
}

const colourOf = (index: number): string => LINE_COLOURS[index % LINE_COLOURS.length] ?? '';

interface LegendEntry {
  readonly name: string;
  /** Of the line; undefined for the words about those that have no room. */
  readonly index: number | undefined;
  readonly x: number;
  readonly line: number;
}

/** From left to right and line by line; what has no room in four lines is counted. */
function layLegend(
  lines: readonly Line[],
  width: number,
): { readonly entries: readonly LegendEntry[]; readonly lines: number } {
  const entries: LegendEntry[] = [];
  let x = 0;
  let at = 0;
  for (const [index, { name }] of lines.entries()) {
    const text = shorten(name, LABEL, width - SWATCH - 4);
    const needs = SWATCH + 4 + textWidth(text, LABEL) + 10;
    if (x > 0 && x + needs - 10 > width) {
      x = 0;
      at += 1;
    }
    if (at === LEGEND_LINES) {
      const last = entries.findLastIndex((each) => each.line === at - 1);
      const rest = lines.length - last;
      const replaced = entries[last];
      if (replaced !== undefined)
        entries[last] = { ...replaced, name: `and ${rest} more`, index: undefined };
      return { entries, lines: LEGEND_LINES };
    }
    entries.push({ name: text, index, x, line: at });
    x += needs;
  }
  return { entries, lines: at + 1 };
}
