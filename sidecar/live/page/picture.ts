// Where everything is in the picture of a graph, and in the waterfall of a request. Pure: numbers in, numbers out. A walk is a tree,
// so the layout is the plain one: columns by depth, a row for each leaf, a parent in the middle of its children.
import type { LiveRequest } from '../requests.ts';
import type { LivePredictor } from '../state.ts';

export interface Box {
  /** Position in the predictor's units. */
  readonly unit: number;
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  /** The unit that it leads to. */
  readonly unit: number;
  /** Value of the attribute `d` of an SVG path. */
  readonly d: string;
  /** Where its words are, centred. */
  readonly x: number;
  readonly y: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  /** The circle that stands for the clients. */
  readonly client: { readonly x: number; readonly y: number };
}

export const BOX_WIDTH = 168;
export const BOX_HEIGHT = 62;
export const CLIENT_RADIUS = 26;
const COLUMN = BOX_WIDTH + 176;
const ROW = BOX_HEIGHT + 30;
const MARGIN = 8;
const FIRST_X = 2 * CLIENT_RADIUS + MARGIN + 168;

export function placePredictor({ units }: LivePredictor): Picture {
  const children = units.map((_, index) =>
    units.flatMap((unit, at) => (unit.parent === index ? [at] : [])),
  );
  const boxes: Box[] = [];
  let leaves = 0;
  let depths = 0;
  /** Returns the upper edge of the box. */
  const place = (unit: number, depth: number): number => {
    depths = Math.max(depths, depth);
    const rows = (children[unit] ?? []).map((child) => place(child, depth + 1));
    const [first] = rows;
    const last = rows.at(-1);
    const y =
      first === undefined || last === undefined ? MARGIN + ROW * leaves++ : (first + last) / 2;
    boxes.push({ unit, x: FIRST_X + depth * COLUMN, y });
    return y;
  };
  if (units.length > 0) place(0, 0);
  boxes.sort((a, b) => a.unit - b.unit);
  const middle = (boxes[0]?.y ?? 0) + BOX_HEIGHT / 2;
  const client = { x: MARGIN + CLIENT_RADIUS, y: middle };
  const arrows = boxes.map((box) => {
    const from = boxes[units[box.unit]?.parent ?? -1];
    const x1 = from === undefined ? client.x + CLIENT_RADIUS : from.x + BOX_WIDTH;
    const y1 = from === undefined ? client.y : from.y + BOX_HEIGHT / 2;
    return arrow(box.unit, x1, y1, box.x, box.y + BOX_HEIGHT / 2);
  });
  return {
    width: FIRST_X + depths * COLUMN + BOX_WIDTH + MARGIN,
    height: 2 * MARGIN + ROW * Math.max(1, leaves) - (ROW - BOX_HEIGHT),
    boxes,
    arrows,
    client,
  };
}

/** Leaves its unit in a bend and comes in level, so that the words above its second part touch no other arrow. */
function arrow(unit: number, x1: number, y1: number, x2: number, y2: number): Arrow {
  const bend = x1 + 36;
  const half = (x1 + bend) / 2;
  return {
    unit,
    d: `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${bend} ${y2}L${x2 - 6} ${y2}`,
    x: (bend + x2 - 6) / 2 - 4,
    y: y2,
  };
}

export interface Bar {
  readonly name: string;
  readonly atMs: number;
  /** Null where it is not known when it ended. */
  readonly ms: number | null;
  readonly kind: 'request' | 'call' | 'last';
  readonly words: string;
}

/** A request's walk in time: the whole, the filter's calls, and the call that Envoy made last. */
export function waterfall(request: LiveRequest): readonly Bar[] {
  const { ms, unit, unitAtMs, unitMs, bytesIn, bytesOut, attempts, tail } = request;
  const bars: Bar[] = [
    {
      name: 'request',
      atMs: 0,
      ms,
      kind: 'request',
      words: `${bytesIn} B in, ${bytesOut} B out`,
    },
    ...request.calls.map(
      (call): Bar => ({
        name: `${call.unit} ${call.verb}`,
        atMs: call.atMs,
        ms: call.ms,
        kind: 'call',
        words: `${call.status === null ? 'given up' : `status ${call.status}`}, ${call.bytesOut} B sent, ${call.bytesIn} B back`,
      }),
    ),
  ];
  if (unit !== '' && unitAtMs !== null)
    bars.push({
      name: tail === null ? unit : `${unit} ${tail.verb}`,
      atMs: unitAtMs,
      ms: unitMs,
      kind: 'last',
      words: `Envoy's call${attempts > 1 ? `, ${attempts} attempts` : ''}${tail === null ? '' : `, ${tail.bytesOut} B sent, ${bytesOut} B back`}`,
    });
  return bars;
}
