// Reads and writes Prometheus' text format. Reading is tolerant: real exporters declare one family several times, add
// time stamps and comments, and break a line now and then; a line that cannot be read is skipped.

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSample {
  /** The full name: `<family>_bucket`, `<family>_sum` … */
  readonly name: string;
  readonly labels: MetricLabels;
  readonly value: number;
}

/** A sample to be written. */
export interface WrittenSample extends MetricSample {
  /** A label behind the others, `le` or `quantile`, so that the samples of a histogram share an object of labels, which is written once. */
  readonly last?: readonly [name: string, value: string];
}

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly WrittenSample[];
}

/** A family as the docs name it, without samples. */
export interface DescribedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Names of its labels. */
  readonly labels: readonly string[];
}

/** Calls back with each sample of a text, in order. */
export function readSamples(text: string, onSample: (sample: MetricSample) => void): void {
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const sample = parseMetricSample(line);
    if (sample !== undefined) onSample(sample);
  }
}

/** Parses `name{a="b",…} value [timestamp]`; undefined when the line is none. */
export function parseMetricSample(line: string): MetricSample | undefined {
  const head = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*/.exec(line);
  const name = head?.[1];
  if (head === null || name === undefined) return undefined;
  let at = head[0].length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    const end = readLabels(line, at + 1, labels);
    if (end < 0) return undefined;
    at = end;
  }
  const text = line.slice(at).trim().split(/\s+/, 1)[0] ?? '';
  const value = parseValue(text);
  return value === undefined ? undefined : { name, labels, value };
}

const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|\})/y;

/** Reads labels up to the closing brace into `into`; the position after it, or −1. */
function readLabels(line: string, start: number, into: Record<string, string>): number {
  let at = start;
  for (;;) {
    if (/^\s*\}/.test(line.slice(at, at + 8))) return line.indexOf('}', at) + 1;
    LABEL.lastIndex = at;
    const match = LABEL.exec(line);
    const name = match?.[1];
    if (match === null || name === undefined) return -1;
    into[name] = unescapeLabel(match[2] ?? '');
    at = LABEL.lastIndex;
    if (match[3] === '}') return at;
  }
}

function unescapeLabel(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/g, (_whole, char: string) => (char === 'n' ? '\n' : char));
}

function parseValue(text: string): number | undefined {
  switch (text) {
    case '':
      return undefined;
    case '+Inf':
      return Number.POSITIVE_INFINITY;
    case '-Inf':
      return Number.NEGATIVE_INFINITY;
    case 'NaN':
      return Number.NaN;
    default: {
      const value = Number(text);
      return Number.isNaN(value) ? undefined : value;
    }
  }
}

/** Writes families in the order given; each is declared once. */
export function renderFamilies(families: readonly Family[]): string {
  const lines: string[] = [];
  let labels: MetricLabels | undefined;
  let written = '';
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) {
      if (sample.labels !== labels) {
        labels = sample.labels;
        written = Object.entries(labels).map(renderLabel).join(',');
      }
      const last = sample.last === undefined ? '' : renderLabel(sample.last);
      const comma = written === '' || last === '' ? '' : ',';
      const all = `${written}${comma}${last}`;
      const block = all === '' ? '' : `{${all}}`;
      lines.push(`${sample.name}${block} ${renderValue(sample.value)}`);
    }
  }
  lines.push('');
  return lines.join('\n');
}

function renderLabel([name, value]: readonly [name: string, value: string]): string {
  return `${name}="${escapeLabel(value)}"`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

function renderValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
