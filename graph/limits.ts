// Every limit of the data plane with its default, its bounds and the annotation that sets it. One home: the docs'
// table, the checks and the plan read this.

export interface Limit {
  readonly annotation: string;
  /** What is used when the annotation is absent; null for "no limit". */
  readonly default: number | null;
  readonly min: number;
  readonly max: number;
  readonly unit: 'ms' | 'bytes' | 'attempts';
  readonly meaning: string;
}

const MIB = 1024 * 1024;

export const LIMITS = {
  restTimeoutMs: {
    annotation: 'seldon.io/rest-timeout',
    default: null,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'bound of each REST call to a unit',
  },
  grpcTimeoutMs: {
    annotation: 'seldon.io/grpc-timeout',
    default: null,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'bound of each gRPC call to a unit',
  },
  grpcMaxMessageBytes: {
    annotation: 'seldon.io/grpc-max-message-size',
    default: null,
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
    meaning: 'bound of a whole request, all its calls included',
  },
  maxBodyBytes: {
    annotation: 'sidegraph.io/max-body-bytes',
    default: 32 * MIB,
    min: 1,
    max: 512 * MIB,
    unit: 'bytes',
    meaning: 'largest request body',
  },
  maxAnswerBytes: {
    annotation: 'sidegraph.io/max-answer-bytes',
    default: 32 * MIB,
    min: 1,
    max: 512 * MIB,
    unit: 'bytes',
    meaning: 'largest answer that the filter reads from a unit',
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
    default: null,
    min: 1,
    max: 86_400_000,
    unit: 'ms',
    meaning: 'bound of one attempt when there are retries',
  },
} as const satisfies Record<string, Limit>;

/** Bytes that one filter process may hold over all requests in flight; above it, new ones get 503. */
export const MAX_HELD_BYTES = 256 * MIB;
/** Seldon's defaults for the CORS headers that every answer carries. */
export const CORS_ALLOW_ORIGIN = '*';
export const CORS_ALLOW_HEADERS =
  'Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token';

/** What is read of a manifest; larger ones are refused with a finding. */
export const MANIFEST_LIMITS = {
  /** Characters of a file. */
  maxTextLength: 4 * MIB,
  /** Documents of a file. */
  maxDocuments: 1000,
  /** Values of a document, counted after its aliases are expanded. */
  maxValues: 200_000,
  /** Nesting of values. */
  maxDepth: 100,
  /** Units on the longest way from the root of a graph to a leaf. */
  maxGraphDepth: 32,
  /** Units of one graph. */
  maxUnits: 512,
  /** Characters of the name of a predictor, unit or container: a DNS label. */
  maxNameLength: 63,
} as const;
