// Counters, gauges and histograms with labels, and their text in Prometheus's exposition format 0.0.4. Label values are
// given in the order in which the metric was made with; series are written sorted, so that equal state gives equal text.

type Kind = 'counter' | 'gauge' | 'histogram';

/** A metric without its values. */
export interface MetricFamily {
  readonly name: string;
  readonly type: Kind;
  readonly help: string;
  readonly labels: readonly string[];
}

export class Registry {
  readonly #metrics = new Map<string, Metric>();

  counter(name: string, help: string, ...labels: string[]): Counter {
    return this.#register(name, new Counter(name, help, labels));
  }

  gauge(name: string, help: string, ...labels: string[]): Gauge {
    return this.#register(name, new Gauge(name, help, labels));
  }

  /** `buckets`: upper bounds, ascending, without +Inf. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    ...labels: string[]
  ): Histogram {
    return this.#register(name, new Histogram(name, help, labels, buckets));
  }

  /** What is registered, in that order. */
  families(): readonly MetricFamily[] {
    return [...this.#metrics.values()].map((metric) => metric.describe());
  }

  /** The whole page. */
  render(): string {
    return [...this.#metrics.values()].map((metric) => metric.render()).join('');
  }

  #register<M extends Metric>(name: string, metric: M): M {
    if (this.#metrics.has(name)) throw new Error(`the metric ${name} is registered twice`);
    this.#metrics.set(name, metric);
    return metric;
  }
}

abstract class Metric {
  protected readonly name: string;
  protected readonly labels: readonly string[];
  readonly #help: string;
  readonly #kind: Kind;

  constructor(kind: Kind, name: string, help: string, labels: readonly string[]) {
    this.#kind = kind;
    this.name = name;
    this.#help = help;
    this.labels = labels;
  }

  describe(): MetricFamily {
    return { name: this.name, type: this.#kind, help: this.#help, labels: this.labels };
  }

  render(): string {
    const lines = this.lines()
      .sort()
      .map((line) => `${line}\n`);
    return `# HELP ${this.name} ${this.#help}\n# TYPE ${this.name} ${this.#kind}\n${lines.join('')}`;
  }

  protected abstract lines(): string[];

  protected series(values: readonly string[]): string {
    if (values.length !== this.labels.length)
      throw new Error(`${this.name} has ${this.labels.length} labels, not ${values.length}`);
    return this.labels
      .map((label, index) => `${label}="${escapeValue(values[index] ?? '')}"`)
      .join(',');
  }
}

export class Counter extends Metric {
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string, labels: readonly string[]) {
    super('counter', name, help, labels);
    if (labels.length === 0) this.#values.set('', 0);
  }

  /** With 0 the series appears before anything was counted. */
  add(count: number, ...values: string[]): void {
    const series = this.series(values);
    this.#values.set(series, (this.#values.get(series) ?? 0) + count);
  }

  value(...values: string[]): number {
    return this.#values.get(this.series(values)) ?? 0;
  }

  protected override lines(): string[] {
    return [...this.#values].map(([series, value]) => line(this.name, series, value));
  }
}

export class Gauge extends Metric {
  readonly #values = new Map<string, () => number>();

  constructor(name: string, help: string, labels: readonly string[]) {
    super('gauge', name, help, labels);
  }

  set(value: number, ...values: string[]): void {
    this.#values.set(this.series(values), () => value);
  }

  /** The value is asked for whenever the page is rendered. */
  read(value: () => number, ...values: string[]): void {
    this.#values.set(this.series(values), value);
  }

  value(...values: string[]): number | undefined {
    return this.#values.get(this.series(values))?.();
  }

  protected override lines(): string[] {
    return [...this.#values].map(([series, value]) => line(this.name, series, value()));
  }
}

export class Histogram extends Metric {
  readonly #buckets: readonly number[];
  readonly #values = new Map<string, { counts: number[]; sum: number; count: number }>();

  constructor(name: string, help: string, labels: readonly string[], buckets: readonly number[]) {
    super('histogram', name, help, labels);
    this.#buckets = buckets;
  }

  observe(value: number, ...values: string[]): void {
    const series = this.series(values);
    let entry = this.#values.get(series);
    if (entry === undefined) {
      entry = { counts: this.#buckets.map(() => 0), sum: 0, count: 0 };
      this.#values.set(series, entry);
    }
    const at = this.#buckets.findIndex((bound) => value <= bound);
    if (at >= 0) entry.counts[at] = (entry.counts[at] ?? 0) + 1;
    entry.sum += value;
    entry.count += 1;
  }

  override render(): string {
    // Buckets stay in ascending order, which sorting the lines would break.
    const text = super.render();
    const head = text.split('\n', 2).join('\n');
    const body = [...this.#values]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([series, entry]) => {
        const prefix = series === '' ? '' : `${series},`;
        let below = 0;
        const buckets = this.#buckets.map((bound, index) => {
          below += entry.counts[index] ?? 0;
          return line(`${this.name}_bucket`, `${prefix}le="${bound}"`, below);
        });
        return [
          ...buckets,
          line(`${this.name}_bucket`, `${prefix}le="+Inf"`, entry.count),
          line(`${this.name}_sum`, series, entry.sum),
          line(`${this.name}_count`, series, entry.count),
        ];
      });
    return `${[head, ...body].join('\n')}\n`;
  }

  protected override lines(): string[] {
    return [];
  }
}

function line(name: string, series: string, value: number): string {
  return series === '' ? `${name} ${value}` : `${name}{${series}} ${value}`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
