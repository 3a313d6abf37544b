// Every limit of the data plane with its default, its bounds and the annotation that sets it. One home: the docs'
// table, the checks and the plan read this.

export interface Limit {
  readonly annotation: string;
  /** What is used when the annotation is absent; undefined for "no limit". */
  readonly default: number | undefined;
  readonly min: number;
  readonly max: number;
  readonly unit: 'ms' | 'bytes' | 'attempts' | 'headers' | 'requests';
  readonly meaning: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  restTimeoutMs: {
    annotation: 'seldon.io/rest-timeout',
    default: undefined,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'timeout of each REST call to a unit',
  },
  grpcTimeoutMs: {
    annotation: 'seldon.io/grpc-timeout',
    default: undefined,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'timeout of each gRPC call to a unit',
  },
  grpcMaxMessageBytes: {
    annotation: 'seldon.io/grpc-max-message-size',
    default: undefined,
    min: 1,
    max: 2_147_483_647,
    unit: 'bytes',
    meaning: 'largest gRPC message that a client may send',
  },
  deadlineMs: {
    annotation: 'sidegraph.io/deadline-ms',
    default: 300_000,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'deadline of a whole request, including all its calls',
  },
  maxBodyBytes: {
    annotation: 'sidegraph.io/max-body-bytes',
    default: 32 * MIB,
    min: 1,
    max: 512 * MIB,
    unit: 'bytes',
    meaning: 'largest request body',
  },
  bodyTimeoutMs: {
    annotation: 'sidegraph.io/body-timeout-ms',
    default: 180_000,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'time for a whole request to arrive; the default admits 32 MiB over 1.5 Mbit/s',
  },
  maxHeaderBytes: {
    annotation: 'sidegraph.io/max-header-bytes',
    default: 256 * KIB,
    min: 8 * KIB,
    max: 1024 * KIB,
    unit: 'bytes',
    meaning: "a request's headers, names and values together",
  },
  maxHeaders: {
    annotation: 'sidegraph.io/max-headers',
    default: 1000,
    min: 100,
    max: 10_000,
    unit: 'headers',
    meaning: 'how many headers a request may have',
  },
  maxAnswerBytes: {
    annotation: 'sidegraph.io/max-answer-bytes',
    default: 32 * MIB,
    min: 1,
    max: 512 * MIB,
    unit: 'bytes',
    meaning: 'largest response that the filter reads from a unit',
  },
  retries: {
    annotation: 'sidegraph.io/retries',
    default: 0,
    min: 0,
    max: 10,
    unit: 'attempts',
    meaning: 'attempts after the first on each call, made by Envoy',
  },
  perTryTimeoutMs: {
    annotation: 'sidegraph.io/per-try-timeout-ms',
    default: undefined,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'timeout of one attempt when there are retries',
  },
  feedbackTtlMs: {
    annotation: 'sidegraph.io/feedback-ttl-ms',
    default: 3_600_000,
    min: 1000,
    max: 604_800_000,
    unit: 'ms',
    meaning: 'how long a pod remembers which branches a request took, for feedback by its puid',
  },
  feedbackEntries: {
    annotation: 'sidegraph.io/feedback-requests',
    default: 100_000,
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    meaning: 'how many requests a pod remembers, the latest; 0: none',
  },
  feedbackBytes: {
    annotation: 'sidegraph.io/feedback-bytes',
    default: 8 * MIB,
    min: 64 * KIB,
    max: 1024 * MIB,
    unit: 'bytes',
    meaning:
      'memory for that, over all filter processes of a pod; 100 bytes are enough for a request',
  },
} as const satisfies Record<string, Limit>;

/** Headers of a unit's response, for the filter's own clients and for Envoy alike; for gRPC including its trailers. */
export const MAX_RESPONSE_HEADERS = 1000;
/** Names and values of those headers together. */
export const MAX_RESPONSE_HEADER_BYTES = 128 * 1024;
/** Bytes that one filter process may hold over all requests in flight; above it, new ones get 503. */
export const MAX_HELD_BYTES = 256 * MIB;
/** Seldon's defaults for the CORS headers that every response carries, with the headers that feedback needs. */
export const CORS_ALLOW_ORIGIN = '*';
export const CORS_ALLOW_HEADERS =
  'Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token, Seldon-Puid, Seldon-Routing, Sidegraph-Pod';

/** What is read of a manifest; larger ones are refused with a finding. */
export const MANIFEST_LIMITS = {
  /** Characters of a file. */
  maxTextLength: 4 * MIB,
  /** Documents of a file. */
  maxDocuments: 1000,
  /** Lines, commas and opening brackets of a file, including those in texts: what limits the parser's work. */
  maxMarks: 600_000,
  /** Values of a file, counted after its aliases are expanded. */
  maxValues: 300_000,
  /** Characters of all strings and keys of a file, counted after its aliases are expanded. */
  maxExpandedLength: 8 * MIB,
  /** Nesting of values. */
  maxDepth: 100,
  /** Units on the longest path from the root of a graph to a leaf. */
  maxGraphDepth: 32,
  /** Units of one graph. */
  maxUnits: 512,
  /** Predictors of a deployment. */
  maxPredictors: 100,
  /** Containers of a predictor. */
  maxContainers: 512,
  /** Characters of the name of a predictor, unit or container: a DNS label. */
  maxNameLength: 63,
  /** Characters of a word: a type, a method, an implementation, the name of a field, parameter or variable. */
  maxWordLength: 253,
  /** Characters of an image, a host or a URI. */
  maxReferenceLength: 2048,
  /** Characters of the value of a parameter: all parameters of a unit share one environment variable. */
  maxParameterLength: 64 * 1024,
  /** Characters of any other value: what Linux accepts as one argument or environment variable. */
  maxValueLength: 128 * 1024 - 1,
  /** Characters of one map of annotations, names and values, as in Kubernetes. */
  maxAnnotationsLength: 256 * 1024,
} as const;

// Spans, of Envoy and of the filter alike.
/** Spans that wait for their export, in each process; further ones are lost. */
export const MAX_WAITING_SPANS = 4096;
/** How long spans wait for others, to be exported with them. */
export const SPAN_EXPORT_DELAY_MS = 1000;
/** Time for one export of spans; what is not accepted is lost. */
export const SPAN_EXPORT_TIMEOUT_MS = 5000;
