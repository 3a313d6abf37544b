// Traces that Envoy makes itself: a span for each request and each upstream call of it, sent as OTLP over HTTP. Who decides is
// the caller; of requests whose caller has not, a share is drawn. Other headers than `traceparent` are turned into one before Envoy
// looks.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { INTERNAL_HEADER_PREFIX, TRACE_HEADER } from '../../graph/plan/names.ts';
import type { TraceFormat } from '../../graph/plan/plan.ts';
import { duration, type EnvoyJson, overwriteHeader, typed } from './json.ts';
import { CONNECT_TIMEOUT_MS } from './limits.ts';
import { MAX_WAITING_SPANS, SPAN_EXPORT_TIMEOUT_MS } from '../../graph/plan/limits.ts';

export interface EnvoyTracing {
  /** Base URL of an OTLP receiver over plain HTTP. */
  readonly url: string;
  readonly samplingMillionths: number;
  /** `service.name` of the spans. */
  readonly service: string;
  readonly formats: readonly TraceFormat[];
  /** Further attributes of the service, and those of every span. */
  readonly resource: Readonly<Record<string, string>>;
  readonly tags: readonly EnvoyJson[];
}

/** Name of the span of a call: its path without its query. */
export const CALL_PATH = '%PATH(NQ:PATH)%';

/** What a connection manager that takes part in traces has besides; `operation` names the spans of requests where routes do not. */
export function tracingOptions(tracing: EnvoyTracing, operation?: string): EnvoyJson {
  const { url, service, resource } = tracing;
  return {
    tracing: {
      provider: {
        name: 'envoy.tracers.opentelemetry',
        typed_config: typed('envoy.config.trace.v3.OpenTelemetryConfig', {
          service_name: service,
          http_service: {
            http_uri: {
              uri: `${url}/v1/traces`,
              cluster: traceCluster(url),
              timeout: duration(SPAN_EXPORT_TIMEOUT_MS),
            },
          },
          resource_detectors: [
            {
              name: 'envoy.tracers.opentelemetry.resource_detectors.static_config',
              typed_config: typed(
                'envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig',
                { attributes: resource },
              ),
            },
          ],
          sampler: sampler(tracing.samplingMillionths),
          max_cache_size: MAX_WAITING_SPANS,
        }),
      },
      // A span for each attempt of a call; units are its children.
      spawn_upstream_span: true,
      ...(operation === undefined ? {} : { operation }),
      upstream_operation: CALL_PATH,
      custom_tags: tracing.tags,
    },
    // Envoy would note its decision in the client's request id, and trace no request whose id is not a UUID.
    request_id_extension: {
      typed_config: typed('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig', {
        pack_trace_reason: false,
        use_request_id_for_trace_sampling: false,
      }),
    },
  };
}

function sampler(millionths: number): EnvoyJson {
  const samplers = 'envoy.extensions.tracers.opentelemetry.samplers.v3';
  return {
    name: 'envoy.tracers.opentelemetry.samplers.parent_based',
    typed_config: typed(`${samplers}.ParentBasedSamplerConfig`, {
      wrapped_sampler: {
        name: 'envoy.tracers.opentelemetry.samplers.trace_id_ratio_based',
        typed_config: typed(`${samplers}.TraceIdRatioBasedSamplerConfig`, {
          sampling_percentage: { numerator: millionths, denominator: 'MILLION' },
        }),
      },
    }),
  };
}

/** Of a request that is traced: the context of Envoy's span in place of the client's. */
export function ownTraceContext(): EnvoyJson[] {
  return [{ append: overwriteHeader(TRACE_HEADER, '00-%TRACE_ID%-%SPAN_ID%-01') }];
}

/** Random numbers, while a context is made with them: of Envoy's UUIDs the first eight digits have no dash between them. */
const DRAWS = ['a', 'b'].map((each) => `${INTERNAL_HEADER_PREFIX}draw-${each}`);
/** What a made id begins with: half of it, as where ids of 64 bits are written as ids of 128. */
const ZEROS = '0'.repeat(16);
/** The span that a request is said to be called in where nobody made one: its units see that they are not traced either. */
const NO_SPAN = '0000000000000001';
/** Of a context that was made here. */
const OWN_END = `-${NO_SPAN}-00`;
const HEX = '0123456789abcdef';
/** So many of the random digits decide: steps of a millionth. */
const DRAW_DIGITS = 5;

/**
 * Mutations that give a request without a context one that is not sampled. Its id is random, so that a share of such requests can be
 * drawn by it.
 */
export function madeContext(): EnvoyJson[] {
  const digits = DRAWS.map((name) => `%REQ(${name}):8%`).join('');
  const value = `00-${ZEROS}${digits}${OWN_END}`;
  return [
    ...DRAWS.map((name) => ({ append: overwriteHeader(name, '%UNIQUE_ID%') })),
    { append: { header: { key: TRACE_HEADER, value }, append_action: 'ADD_IF_ABSENT' } },
    ...DRAWS.map((name) => ({ remove: name })),
  ];
}

/** Matches this share, above 0, of the requests whose context is made by `madeContext`. Of the others, few need the expression. */
export function isDrawn(millionths: number): EnvoyJson[] {
  const below = numbersOf(millionths);
  const [zeros = ''] = /^0*/.exec(digitsOf(below - 1)) ?? [];
  return [
    ...(zeros === ''
      ? []
      : [{ name: TRACE_HEADER, string_match: { prefix: `00-${ZEROS}${zeros}` } }]),
    { name: TRACE_HEADER, string_match: { suffix: OWN_END } },
    {
      name: TRACE_HEADER,
      string_match: { safe_regex: { regex: `00-${ZEROS}(${expressionOf(below)}).*` } },
    },
  ];
}

/** Matches requests whose caller says that they are traced. Of the others, hardly any needs the expression. */
export function isSampledByCaller(): EnvoyJson[] {
  return [
    { name: TRACE_HEADER, string_match: { suffix: '-00' }, invert_match: true },
    {
      name: TRACE_HEADER,
      string_match: { safe_regex: { regex: '[0-9a-f-]+-[0-9a-f][13579bdf]' } },
    },
  ];
}

const ALL_NUMBERS = 16 ** DRAW_DIGITS;

/** How many of the random numbers are drawn: those below it. */
function numbersOf(millionths: number): number {
  return Math.max(1, Math.round((ALL_NUMBERS * millionths) / 1_000_000));
}

function digitsOf(number: number): string {
  return number.toString(16).padStart(DRAW_DIGITS, '0');
}

/** Matches the digits of the numbers below one. */
function expressionOf(below: number): string {
  if (below >= ALL_NUMBERS) return `.{${DRAW_DIGITS}}`;
  const digits = digitsOf(below);
  return [...digits]
    .flatMap((digit, at) =>
      digit === '0'
        ? []
        : [
            `${digits.slice(0, at)}[${HEX.slice(0, HEX.indexOf(digit))}]${'.'.repeat(DRAW_DIGITS - 1 - at)}`,
          ],
    )
    .join('|');
}

/** Name of the cluster of a receiver. */
export function traceCluster(url: string): string {
  return `traces/${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
}

export function renderTraceCluster(url: string): EnvoyJson {
  const name = traceCluster(url);
  const { hostname, port } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  return {
    name,
    type: isIP(address) === 0 ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    // A start does not wait for a receiver that may not be there.
    wait_for_warm_on_init: false,
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: {
                address: { socket_address: { address, port_value: Number(port || '80') } },
              },
            },
          ],
        },
      ],
    },
  };
}

/** Where B3's three headers are put together. */
const B3_PARTS = `${INTERNAL_HEADER_PREFIX}b3`;
/** `trace-span-flag`. */
const B3 = { sampled: '^([0-9a-f]+)-([0-9a-f]+)-[1dt]', dropped: '^([0-9a-f]+)-([0-9a-f]+)-[0f]' };
/** `trace:span:parent:flags`. */
const JAEGER = {
  sampled: '^([0-9a-f]+):([0-9a-f]+):[0-9a-f]*:[0-9a-f]?[13579bdf]$',
  dropped: '^([0-9a-f]+):([0-9a-f]+):[0-9a-f]*:[0-9a-f]?[02468ace]$',
};

/** Mutations before anything else is done with a request: a `traceparent` where the client said it otherwise. */
export function traceHeaders(formats: readonly TraceFormat[]): EnvoyJson[] {
  return formats.flatMap((format) => {
    if (format === 'jaeger') return converted('uber-trace-id', JAEGER);
    const parts = ['traceid', 'spanid', 'sampled'].map((part) => `%REQ(x-b3-${part})%`);
    return [
      { append: overwriteHeader(B3_PARTS, parts.join('-')) },
      ...converted('b3', B3),
      ...converted(B3_PARTS, B3),
      { remove: B3_PARTS },
    ];
  });
}

function converted(header: string, forms: typeof B3): EnvoyJson[] {
  return [traceparent(header, forms.sampled, '01'), traceparent(header, forms.dropped, '00')];
}

/**
 * Trace and span of a header as a `traceparent`, with the zeros before them that it needs and the other forms may leave out. A header of
 * another form gives no value, and nothing is added. In three steps, as Envoy bounds the size of an expression's programs.
 */
function traceparent(header: string, form: string, flags: string): EnvoyJson {
  const zeros = (digits: number): string => '0'.repeat(digits);
  const padded = `re.extract(request.headers['${header}'], r'${form}', r'${zeros(31)}\\1-${zeros(15)}\\2-')`;
  const cut = `re.extract(${padded}, r'([0-9a-f]{32})-([0-9a-f-]+)$', r'\\2-\\1')`;
  const value = `re.extract(${cut}, r'([0-9a-f]{16})--([0-9a-f]+)$', r'00-\\2-\\1-${flags}')`;
  return {
    append: {
      header: { key: TRACE_HEADER, value: `%CEL(${value})%` },
      append_action: 'ADD_IF_ABSENT',
    },
  };
}
