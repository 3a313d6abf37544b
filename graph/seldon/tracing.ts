// Where traces go and of which requests they are made: from an annotation, from the variables of the orchestrator
// (OpenTelemetry's, and what Seldon's executor read for Jaeger), and from what the cluster or the command line sets for all.
// Out: the plan's `tracing`, and in words what cannot be used of what is written.
import type { Tracing, TraceFormat } from '../plan/plan.ts';
import type { Parsed } from '../../lib/runtime/options.ts';
import { shorten } from '../manifest/shorten.ts';

export const SAMPLING_ANNOTATION = 'sidegraph.io/trace-sampling-percent';
export const SAMPLING_WANTED = 'a number of percent from 0 to 100';
export const MILLION = 1_000_000;
/** Jaeger's clients take one request in a thousand where nobody says otherwise. */
const JAEGER_SAMPLING = 0.001;
/** Where a Jaeger of version 1.35 or later takes OTLP over HTTP: the ports of its older protocols are of no use. */
const OTLP_PORT = 4318;
const TRACES_PATH = '/v1/traces';

export const TRACING_VARIABLES: readonly string[] = [
  'TRACING',
  'OTEL_SDK_DISABLED',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_SERVICE_NAME',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_PROPAGATORS',
  'JAEGER_DISABLED',
  'JAEGER_AGENT_HOST',
  'JAEGER_ENDPOINT',
  'JAEGER_SERVICE_NAME',
  'JAEGER_SAMPLER_TYPE',
  'JAEGER_SAMPLER_PARAM',
  'JAEGER_TAGS',
  'JAEGER_TRACE_PROPAGATION_TYPE',
];

/** What holds for every deployment that says nothing of its own. */
export interface TracingDefaults {
  /** Base URL of an OTLP receiver over HTTP; '' for none. */
  readonly url: string;
  /** Percent of the requests whose caller has not decided. */
  readonly samplingPercent: number;
  /** Headers of traces that callers send besides `traceparent`. */
  readonly formats: readonly TraceFormat[];
}

export const NO_TRACING: TracingDefaults = { url: '', samplingPercent: 1, formats: [] };
export const TRACE_FORMATS = ['b3', 'jaeger'] as const satisfies readonly TraceFormat[];

export interface TracingInput {
  readonly deployment: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The orchestrator's. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly defaults: TracingDefaults;
}

/** Undefined where there is nowhere to send spans to, or where tracing is switched off. */
export function readTracing(input: TracingInput): Tracing | undefined {
  const { variables, defaults } = input;
  if (isOff(variables)) return undefined;
  const url = readUrl(variables, defaults);
  if (url === undefined) return undefined;
  return {
    url,
    samplingMillionths: Math.round(readSampling(input) * MILLION),
    service: variables['OTEL_SERVICE_NAME'] || variables['JAEGER_SERVICE_NAME'] || input.deployment,
    formats: readFormats(variables, defaults),
    attributes: readTags(variables['JAEGER_TAGS'] ?? ''),
  };
}

/** What is written and cannot be used: the variable, and what is wrong with it. */
export function findTracingFaults(
  variables: Readonly<Record<string, string | undefined>>,
): readonly { readonly variable: string; readonly what: string; readonly advice: string }[] {
  const faults: { variable: string; what: string; advice: string }[] = [];
  const url = variables['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (url && parseOtlpUrl(url) === undefined)
    faults.push({
      variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      what: `is ${shorten(url)}`,
      advice:
        'write the URL of an OTLP receiver over plain HTTP, for instance http://collector:4318',
    });
  for (const variable of ['OTEL_TRACES_SAMPLER_ARG', 'JAEGER_SAMPLER_PARAM']) {
    const text = variables[variable];
    const limited = variable.startsWith('JAEGER') && isOwnSampler(variables);
    if (text && !limited && parseShare(text) === undefined)
      faults.push({ variable, what: `is ${shorten(text)}`, advice: 'write a number from 0 to 1' });
  }
  return faults;
}

/** A number of percent as a share; undefined for what is none. */
export function parsePercent(text: string): number | undefined {
  const share = parseNumber(text);
  return share === undefined || share > 100 ? undefined : share / 100;
}

/** `http://host:port`, with a path where one is written, without the slash at its end. */
export function parseOtlpUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain = url.protocol === 'http:' && url.username === '' && url.search === '';
  if (!plain || url.hostname === '' || url.hash !== '') return undefined;
  const port = url.port === '' ? OTLP_PORT : Number(url.port);
  return `http://${url.hostname}:${port}${basePath(url.pathname)}`;
}

/** Of what collectors call the endpoint of traces; no regular expression, whose time would grow with the square of the slashes. */
function basePath(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  const trimmed = path.slice(0, end);
  return trimmed.endsWith(TRACES_PATH) ? trimmed.slice(0, -TRACES_PATH.length) : trimmed;
}

/** Value of a flag `--otlp`; undefined where it is not given. */
export function parseOtlpFlag(texts: readonly string[]): Parsed<string | undefined> {
  const text = texts.at(-1);
  if (text === undefined) return { kind: 'value', value: undefined };
  const value = parseOtlpUrl(text);
  return value === undefined
    ? { kind: 'wrong', message: `--otlp ${text}: expected http://HOST:PORT` }
    : { kind: 'value', value };
}

function isOff(variables: TracingInput['variables']): boolean {
  const { TRACING: tracing = '' } = variables;
  return (
    /^(0|false|no)$/i.test(tracing) ||
    variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' ||
    variables['JAEGER_DISABLED']?.toLowerCase() === 'true'
  );
}

/** OpenTelemetry's variable, what holds for all, and last Jaeger's host: it may still have its older ports only. */
function readUrl(
  variables: TracingInput['variables'],
  defaults: TracingDefaults,
): string | undefined {
  for (const written of [variables['OTEL_EXPORTER_OTLP_ENDPOINT'], defaults.url]) {
    const url = written ? parseOtlpUrl(written) : undefined;
    if (url !== undefined) return url;
  }
  const endpoint = variables['JAEGER_ENDPOINT'] ?? '';
  const host = URL.canParse(endpoint)
    ? new URL(endpoint).hostname
    : (variables['JAEGER_AGENT_HOST'] ?? '');
  return host === '' ? undefined : parseOtlpUrl(`http://${host}:${OTLP_PORT}`);
}

/** A share from 0 to 1: the annotation, OpenTelemetry's sampler, Jaeger's, what holds for all. */
function readSampling({ annotations, variables, defaults }: TracingInput): number {
  const percent = parsePercent(annotations[SAMPLING_ANNOTATION] ?? '');
  if (percent !== undefined) return percent;
  const own = parseShare(variables['OTEL_TRACES_SAMPLER_ARG'] ?? '') ?? 1;
  switch (variables['OTEL_TRACES_SAMPLER']?.replace('parentbased_', '')) {
    case 'always_on':
      return 1;
    case 'always_off':
      return 0;
    case 'traceidratio':
      return own;
    default:
  }
  const param = parseShare(variables['JAEGER_SAMPLER_PARAM'] ?? '');
  switch (variables['JAEGER_SAMPLER_TYPE']) {
    case 'const':
      return (param ?? 1) === 0 ? 0 : 1;
    case 'probabilistic':
    case 'remote':
      return param ?? JAEGER_SAMPLING;
    case 'ratelimiting':
      return JAEGER_SAMPLING;
    default:
      return defaults.samplingPercent / 100;
  }
}

/** Jaeger's sampler takes so many traces a second, or asks an agent. */
function isOwnSampler(variables: TracingInput['variables']): boolean {
  return variables['JAEGER_SAMPLER_TYPE'] === 'ratelimiting';
}

function readFormats(
  variables: TracingInput['variables'],
  defaults: TracingDefaults,
): readonly TraceFormat[] {
  const formats = new Set<string>(defaults.formats);
  for (const name of (variables['OTEL_PROPAGATORS'] ?? '').split(',')) {
    formats.add(name.trim() === 'b3multi' ? 'b3' : name.trim());
  }
  // Who set up Seldon's executor for Jaeger has callers that speak its header, or B3 where that is said.
  if (variables['JAEGER_TRACE_PROPAGATION_TYPE']?.toLowerCase() === 'b3') formats.add('b3');
  else if (variables['JAEGER_AGENT_HOST'] || variables['JAEGER_ENDPOINT']) formats.add('jaeger');
  return TRACE_FORMATS.filter((format) => formats.has(format));
}

/** `name=value,name=value`; Jaeger's `${VAR:default}` is taken by its default. */
function readTags(text: string): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (name === '') continue;
    const value = pair.slice(at + 1).trim();
    tags[name] = /^\$\{[^:}]*:(.*)\}$/.exec(value)?.[1] ?? value;
  }
  return tags;
}

function parseShare(text: string): number | undefined {
  const share = parseNumber(text);
  return share === undefined || share > 1 ? undefined : share;
}

function parseNumber(text: string): number | undefined {
  return /^\s*\d{1,9}(\.\d{1,9})?\s*$/.test(text) ? Number(text) : undefined;
}
