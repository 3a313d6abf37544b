// The picture of the README: a request's way through Envoy, the filter and the units. A theme goes in, an SVG comes out; the two
// files in docs/images/ are written by `scripts/docs.ts`, and a test fails while one is stale. Everything is placed by hand on
// a grid of 10, so a change of a word is a change of one line here.

export type Theme = 'light' | 'dark';

interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly box: string;
  readonly group: string;
  /** Of the last call and its response. */
  readonly last: string;
  /** Of the filter and its side calls. */
  readonly side: string;
}

const COLOURS: Readonly<Record<Theme, Colours>> = {
  light: {
    text: '#1f2328',
    quiet: '#59636e',
    line: '#59636e',
    box: '#ffffff',
    group: '#f0f3f6',
    last: '#1a7f37',
    side: '#0969da',
  },
  dark: {
    text: '#f0f6fc',
    quiet: '#9198a1',
    line: '#9198a1',
    box: '#0d1117',
    group: '#1c2128',
    last: '#3fb950',
    side: '#58a6ff',
  },
};

const WIDTH = 880;
const TOP = 22;
const HEIGHT = 312;
const FONT =
  "font-family='-apple-system, BlinkMacSystemFont, Segoe UI, Noto Sans, Helvetica, Arial, sans-serif'";

const TITLE =
  'A request enters Envoy; the graph filter makes side calls to units; Envoy makes the last call, and its response streams back through Envoy.';

export function renderPicture(theme: Theme): string {
  const colours = COLOURS[theme];
  const { line, last, side } = colours;
  const parts = [
    ...(['line', 'last', 'side'] as const).map((name) => arrowHead(name, colours[name])),
    group(colours, { x: 190, y: 50, width: 420, height: 130, label: 'Envoy' }),
    box(colours, { x: 20, y: 95, width: 100, height: 50, lines: ['client'] }),
    box(colours, { x: 210, y: 95, width: 100, height: 50, lines: ['ingress'] }),
    box(colours, { x: 350, y: 95, width: 100, height: 50, lines: ['ext_proc'] }),
    box(colours, { x: 490, y: 95, width: 100, height: 50, lines: ['route of', 'the last call'] }),
    box(colours, { x: 700, y: 95, width: 160, height: 50, lines: ['model', 'REST or gRPC'] }),
    box(colours, {
      x: 310,
      y: 250,
      width: 180,
      height: 60,
      lines: ['graph filter', 'TypeScript: walks the graph'],
      stroke: side,
    }),
    box(colours, {
      x: 700,
      y: 240,
      width: 160,
      height: 80,
      lines: ['units', 'transformers, routers,', 'models of a combiner'],
    }),
    arrow('M120 120H206', line, 'line'),
    arrow('M310 120H346', line, 'line'),
    arrow('M450 120H486', last, 'last'),
    arrow('M590 120H696', last, 'last'),
    arrow('M385 145V246', side, 'side'),
    arrow('M415 250V149', side, 'side'),
    arrow('M494 280H696', side, 'side', true),
    arrow('M780 95V70H70V91', last, 'last'),
    note(163, 110, 'request', colours.quiet),
    note(400, 40, 'the response streams back through Envoy; the filter never sees it', last),
    note(650, 110, 'last call', last),
    note(595, 270, 'side calls', side),
    note(375, 208, 'request', side, 'end'),
    note(435, 200, 'path, body and unit', side, 'start'),
    note(435, 216, 'of the last call', side, 'start'),
    note(20, 285, 'What Envoy can do alone (one model,', colours.quiet, 'start'),
    note(20, 301, 'A/B tests, weights, shadows)', colours.quiet, 'start'),
    note(20, 317, 'never reaches the filter.', colours.quiet, 'start'),
  ];
  return [
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 ${TOP} ${WIDTH} ${HEIGHT}' width='${WIDTH}' height='${HEIGHT}' role='img' ${FONT}>`,
    `<title>${TITLE}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The first line is the name, those below it say what it is. */
function box(
  colours: Colours,
  area: Area & { readonly lines: readonly string[]; readonly stroke?: string },
): string {
  const { x, y, width, height, lines } = area;
  const middle = x + width / 2;
  const top = y + height / 2 + 5 - (lines.length - 1) * 9;
  const isName = !lines[0]?.startsWith('route');
  return [
    `<rect x='${x}' y='${y}' width='${width}' height='${height}' rx='6' fill='${colours.box}' stroke='${area.stroke ?? colours.line}' stroke-width='1.5'/>`,
    ...lines.map((text, index) => {
      const isFirst = index === 0 && isName;
      const style = isFirst || !isName ? colours.text : colours.quiet;
      const size = isFirst ? 14 : 12;
      return `<text x='${middle}' y='${top + index * 18}' text-anchor='middle' font-size='${size}' fill='${style}'${isFirst ? " font-weight='600'" : ''}>${text}</text>`;
    }),
  ].join('\n');
}

function group(colours: Colours, area: Area & { readonly label: string }): string {
  const { x, y, width, height, label } = area;
  return [
    `<rect x='${x}' y='${y}' width='${width}' height='${height}' rx='10' fill='${colours.group}' stroke='${colours.line}' stroke-width='1.5'/>`,
    `<text x='${x + 20}' y='${y + height - 12}' font-size='15' font-weight='600' fill='${colours.text}'>${label}</text>`,
  ].join('\n');
}

function arrow(path: string, colour: string, head: string, bothWays = false): string {
  const start = bothWays ? ` marker-start='url(#${head})'` : '';
  return `<path d='${path}' fill='none' stroke='${colour}' stroke-width='2' marker-end='url(#${head})'${start}/>`;
}

function arrowHead(name: string, colour: string): string {
  return `<marker id='${name}' viewBox='0 0 8 8' refX='6' refY='4' markerWidth='7' markerHeight='7' orient='auto-start-reverse'><path d='M0 0L8 4L0 8Z' fill='${colour}'/></marker>`;
}

function note(
  x: number,
  y: number,
  text: string,
  colour: string,
  anchor: 'start' | 'middle' | 'end' = 'middle',
): string {
  return `<text x='${x}' y='${y}' text-anchor='${anchor}' font-size='12' fill='${colour}'>${text}</text>`;
}
