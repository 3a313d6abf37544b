// What is read of a board's JSON, as it is in the chart: panels with their places and queries, variables with the value that stands for
// all, and a fingerprint of each panel, by which a picture says which panel it was drawn of.
import { createHash } from 'node:crypto';
import { renderBoard, type Board } from '../panel.ts';

export interface DrawnQuery {
  readonly expr: string;
  readonly legend: string;
}

export interface DrawnPanel {
  readonly title: string;
  /** A row has a title alone. */
  readonly kind: 'row' | 'timeseries';
  /** In Grafana's grid of 24 columns. */
  readonly place: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  /** As Grafana names it. */
  readonly unit: string;
  /** The least value of the axis; undefined: that of the data. */
  readonly min: number | undefined;
  readonly queries: readonly DrawnQuery[];
  /** Changes with all of the above. */
  readonly fingerprint: string;
}

export interface DrawnBoard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly DrawnPanel[];
}

interface PanelJson {
  readonly type: string;
  readonly title?: string;
  readonly gridPos?: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string; readonly min?: number } };
  readonly targets?: readonly { readonly expr?: string; readonly legendFormat?: string }[];
}

/** Throws for a kind of panel that is not drawn yet. */
export function readBoard(board: Board): DrawnBoard {
  // The JSON of Grafana's SDK, as it is written into the chart.
  const json = JSON.parse(JSON.stringify(renderBoard(board))) as {
    readonly panels?: readonly PanelJson[];
    readonly templating?: {
      readonly list?: readonly { readonly name: string; readonly allValue?: string }[];
    };
  };
  const values = new Map(
    (json.templating?.list ?? []).map(({ name, allValue }) => [name, allValue ?? '.*']),
  );
  return {
    uid: board.uid,
    title: board.title,
    panels: (json.panels ?? []).map((panel) => readPanel(panel, values)),
  };
}

function readPanel(panel: PanelJson, values: ReadonlyMap<string, string>): DrawnPanel {
  const { type, title = '', gridPos: place = { x: 0, y: 0, w: 24, h: 1 } } = panel;
  if (type !== 'row' && type !== 'timeseries')
    throw new Error(`the panel ${title} is a ${type}, which dashboards/pictures does not draw yet`);
  const { unit = 'short', min } = panel.fieldConfig?.defaults ?? {};
  const queries = (panel.targets ?? []).map(({ expr = '', legendFormat = '' }) => ({
    expr: fillVariables(expr, values),
    legend: legendFormat,
  }));
  const drawn = { title, kind: type, place, unit, min, queries } as const;
  const fingerprint = createHash('sha256').update(JSON.stringify(drawn)).digest('hex').slice(0, 12);
  return { ...drawn, fingerprint };
}

/** The board's own variables stand for all; Grafana's `$__rate_interval` is left. */
function fillVariables(expr: string, values: ReadonlyMap<string, string>): string {
  return expr.replace(/\$(\w+)/g, (variable, name: string) => values.get(name) ?? variable);
}
