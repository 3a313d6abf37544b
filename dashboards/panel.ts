// A panel of a board as we write it: what it answers, in which unit, by which queries, and where its data come from. Everything
// that Grafana wants besides is made here, once.
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dashboard, Panel as GrafanaPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** Who has to be scraped for a panel to have data. `other`: an exporter that is none of ours. */
export type Source = 'graph' | 'model' | 'operator' | 'admission' | 'gateway' | 'sidecar' | 'other';

export interface Panel {
  readonly title: string;
  /** One sentence: the question that it answers. */
  readonly description: string;
  /** As Grafana names it: `reqps`, `s`, `bytes`, `percentunit` … */
  readonly unit: string;
  readonly source: Source;
  readonly queries: readonly Query[];
  /** Whether values may be below 0. */
  readonly isSigned?: boolean;
}

/** A panel by its queries: legend → what is asked. */
export function panel(
  source: Source,
  title: string,
  description: string,
  unit: string,
  queries: Readonly<Record<string, string>>,
): Panel {
  const asked = Object.entries(queries).map(([legend, expr]) => ({ expr, legend }));
  return { title, description, unit, source, queries: asked };
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Variables whose values are a label's; `$name` in queries. */
  readonly variables: readonly { readonly name: string; readonly query: string }[];
  readonly rows: readonly Row[];
}

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const WIDTH = 8;
const HEIGHT = 8;

/** The board as Grafana reads it; equal boards give equal JSON. */
export function renderBoard(board: Board): Dashboard {
  const dashboard = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags(['sidegraph'])
    .readonly()
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(
      new DatasourceVariableBuilder('datasource').type('prometheus').label('Prometheus'),
    );
  for (const { name, query } of board.variables)
    dashboard.withVariable(
      new QueryVariableBuilder(name)
        .query(query)
        .datasource(DATASOURCE)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  for (const { title, panels } of board.rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(renderPanel(panel));
  }
  return dashboard.build();
}

function renderPanel(panel: Panel): Builder<GrafanaPanel> {
  const builder = new PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .span(WIDTH)
    .height(HEIGHT)
    .fillOpacity(10);
  if (panel.isSigned !== true) builder.min(0);
  panel.queries.forEach(({ expr, legend }, index) =>
    builder.withTarget(
      new DataqueryBuilder()
        .expr(expr)
        .legendFormat(legend)
        .refId(String.fromCharCode('A'.charCodeAt(0) + index)),
    ),
  );
  return builder;
}
