// A browser on Grafana, as far as data go: which boards there are, the values of their variables, and what each query of a panel gives.
// In: the address of Grafana, or of what stands in for it.

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly folderTitle?: string;
}

export interface PanelQuery {
  readonly board: string;
  readonly panel: string;
  /** With all variables filled. */
  readonly expr: string;
}

interface Dashboard {
  readonly title: string;
  readonly templating: {
    readonly list: readonly {
      readonly type: string;
      readonly name: string;
      readonly query?: unknown;
    }[];
  };
  readonly panels: readonly {
    readonly title?: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

/** Four intervals of a scrape, which Grafana takes to be 30 s where its data source is set up by that chart. */
const RATE_INTERVAL = '2m';

export class Grafana {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }

  search(): Promise<readonly Board[]> {
    return this.#get('/api/search?type=dash-db');
  }

  /** Of all panels of a board, with every value of its variables that Prometheus has now; throws where a variable has none. */
  async readQueries(uid: string): Promise<readonly PanelQuery[]> {
    const path = `/api/dashboards/uid/${uid}`;
    const { dashboard } = await this.#get<{ dashboard: Dashboard }>(path);
    const values = new Map([['__rate_interval', RATE_INTERVAL]]);
    const fill = (text: string): string =>
      text.replaceAll(/\$(\w+)/g, (whole, name) => values.get(name) ?? whole);
    for (const { type, name, query } of dashboard.templating.list) {
      if (type !== 'query') continue;
      const [, selector = '', label = ''] =
        /^label_values\((.*), *(\w+)\)$/.exec(String(query)) ?? [];
      const found = await this.labelValues(fill(selector), label);
      if (found.length === 0)
        throw new Error(`${dashboard.title}: $${name} has no values: ${fill(selector)}`);
      values.set(name, `(${found.join('|')})`);
    }
    return dashboard.panels.flatMap(({ title = '', targets = [] }) =>
      targets.map(({ expr }) => ({ board: dashboard.title, panel: title, expr: fill(expr) })),
    );
  }

  /** How many series a query gives now. */
  async countSeries(expr: string): Promise<number> {
    const data = await this.prometheus<{ result: readonly unknown[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return data.result.length;
  }

  labelValues(selector: string, label: string): Promise<readonly string[]> {
    return this.prometheus(`label/${label}/values?match[]=${encodeURIComponent(selector)}`);
  }

  /** A path of Prometheus' API, through Grafana's data source; throws what Prometheus says. */
  async prometheus<T>(path: string): Promise<T> {
    const response = await this.#get<{ status: string; error?: string; data: T }>(
      `/api/datasources/proxy/uid/prometheus/api/v1/${path}`,
    );
    if (response.status !== 'success') throw new Error(`${path}: ${response.error}`);
    return response.data;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
