// The plan: what the compiler makes of one predictor, and the only thing that `envoy/` and `extproc/` share.
// Plain JSON, versioned and hashed; it knows neither Kubernetes nor Envoy. `envoy/` renders configuration
// from it, `extproc/` compiles it to a program. Fields are only ever added (readable one version back and
// forward).

export const PLAN_VERSION = 2;

/** The protocols that graphs and units speak; each has a room in `dialects/`. */
export type DialectName = 'seldon' | 'v2' | 'tensorflow' | 'openai';

export type Transport = 'rest' | 'grpc';

/** What a unit can be asked on the path of a prediction or a feedback. */
export type CallVerb =
  | 'predict'
  | 'transform-input'
  | 'transform-output'
  | 'route'
  | 'aggregate'
  | 'send-feedback';

/** What a unit can be asked at all; `status` and `metadata` are off the path. */
export type Verb = CallVerb | 'status' | 'metadata';

export type UnitType =
  | 'UNKNOWN_TYPE'
  | 'ROUTER'
  | 'COMBINER'
  | 'MODEL'
  | 'TRANSFORMER'
  | 'OUTPUT_TRANSFORMER';

export interface Plan {
  readonly version: typeof PLAN_VERSION;
  /** 16 hex digits: SHA-256 over the canonical JSON of all other fields. */
  readonly hash: string;
  readonly deployment: string;
  readonly namespace: string;
  readonly predictor: string;
  /** Metric label `predictor_version`: the predictor's annotation `version`, as Seldon reads it; mostly ''. */
  readonly predictorVersion: string;
  /** What clients speak, and the units whose edges say nothing else. */
  readonly dialect: DialectName;
  /** All units in pre-order; a unit's position here is its index everywhere else in the plan. */
  readonly units: readonly PlanUnit[];
  /** How each unit is reached, one entry for each unit that has an address and each transport. */
  readonly edges: readonly Edge[];
  /** The walk, as a tree of steps; the root is the graph's first unit. */
  readonly walk: Step;
  readonly routes: PlanRoutes;
  readonly policy: Policy;
  /** Where traces of requests go; undefined: none are made. */
  readonly tracing?: Tracing;
  /** What predictions are remembered by, for feedback that says no more of one than its puid; undefined: none is. */
  readonly feedbackMemory?: FeedbackMemory;
  /** The predictor is a shadow: what comes are copies, of feedback too, and nobody gets its responses. Absent for all others. */
  readonly isShadow?: true;
}

/** The bounds of what a pod remembers of the branches that requests took. */
export interface FeedbackMemory {
  readonly feedbackTtlMs: number;
  /** Requests; above 0. */
  readonly feedbackEntries: number;
  readonly feedbackBytes: number;
}

/** Ways in which callers say which trace they are in, besides W3C's `traceparent`. */
export type TraceFormat = 'b3' | 'jaeger';

export interface Tracing {
  /** Base URL of an OTLP receiver over plain HTTP; spans go to `/v1/traces` below it. */
  readonly url: string;
  /** Of a million requests whose caller has not decided, so many are traced. */
  readonly samplingMillionths: number;
  /** `service.name` of the spans. */
  readonly service: string;
  /** Understood in requests and said to units besides `traceparent`. */
  readonly formats: readonly TraceFormat[];
  /** Further attributes of the service. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface PlanUnit {
  readonly name: string;
  readonly type: UnitType;
  /** Name of the implementation (graph/built-ins) that needs no container: the filter or Envoy does its work. */
  readonly builtIn: string | null;
  /** Container image, '' when there is none: metric labels `model_image` and `model_version`. */
  readonly image: string;
  /** The calls that this unit answers, in the order of `CallVerb`; empty for built-ins. */
  readonly verbs: readonly CallVerb[];
  /** Position of the parent in `units`, −1 for the root. */
  readonly parent: number;
  /** Absent where its payloads are not logged. */
  readonly logs?: PayloadLog;
}

/** Which payloads of a unit are sent to a sink, and where that is. */
export interface PayloadLog {
  readonly url: string;
  /** What goes into the unit. */
  readonly request: boolean;
  /** What comes out of it and of the units below it; feedback too. */
  readonly response: boolean;
  /** Share of the payloads that are sent, above 0 and at most 1. */
  readonly share: number;
  /** Paths (`lib/codecs/json/paths.ts`) of the fields that are left out; absent for none. */
  readonly redact?: readonly string[];
}

/** The way to a unit over one transport. */
export interface Edge {
  readonly unit: number;
  readonly transport: Transport;
  /** What the unit speaks. */
  readonly dialect: DialectName;
  /** The name by which the unit's server knows the model, for protocols that name one. */
  readonly model: string;
  /** An IP address or a DNS name. */
  readonly host: string;
  readonly port: number;
  /** How the filter makes side calls on this edge. A tail call is always Envoy's. */
  readonly via: 'direct' | 'egress';
  /** Why `via` is what it is, in words, for `explain`. */
  readonly reason: string;
}

/** One unit's part of the walk (`architecture.md` §5). */
export interface Step {
  readonly unit: number;
  /** The call made with the message on the way in; `simple-model` is the built-in's constant response. */
  readonly input: 'predict' | 'transform-input' | 'simple-model' | null;
  /** Which children are walked; null for a leaf. */
  readonly choose: Choose | null;
  readonly children: readonly Step[];
  /** What makes one message of the children's responses. */
  readonly merge: 'first' | 'aggregate' | 'average';
  /** Whether `transform-output` is called with the merged message. */
  readonly output: boolean;
  /** Whether `send-feedback` is called after the children's feedback. */
  readonly feedback: boolean;
  /**
   * Whether the last call of this step may be handed to Envoy: true when nothing is left to do after it, whatever
   * way the walk took to get here. A fan-out that is met at run time (a router answering −1) takes it back.
   */
  readonly mayTail: boolean;
}

export type Choose =
  /** Every child, side by side. */
  | { readonly kind: 'all' }
  /** Ask the unit: −1 all, −2 none, N child N. */
  | { readonly kind: 'route' }
  /** A built-in chooses by itself: the name of its policy, and what that is given. */
  | {
      readonly kind: 'policy';
      readonly policy: string;
      readonly parameters: PolicyParameters;
    };

export type PolicyParameters = Readonly<Record<string, string | number>>;

/** For each kind of request that walks the graph: does Envoy do it alone, or with the filter? */
export interface PlanRoutes {
  readonly 'predict-rest': RouteDecision;
  readonly 'predict-grpc': RouteDecision;
  readonly 'feedback-rest': RouteDecision;
  readonly 'feedback-grpc': RouteDecision;
}

export type RouteKind = keyof PlanRoutes;

export type RouteDecision =
  | { readonly kind: 'native'; readonly reason: string; readonly targets: readonly NativeTarget[] }
  | { readonly kind: 'graph'; readonly reason: string }
  /** The protocol has no such request. */
  | { readonly kind: 'absent'; readonly reason: string };

/** One leaf of a native route. */
export interface NativeTarget {
  readonly unit: number;
  readonly verb: CallVerb;
  /** Share of the traffic; the weights of a route add up to `NATIVE_WEIGHT_TOTAL`. */
  readonly weight: number;
  /** The decisions on the way to this leaf, as compact JSON for `seldon-routing`; '' when there are none. */
  readonly routing: string;
}

export const NATIVE_WEIGHT_TOTAL = 1_000_000;

/** What bounds a request and its calls. Every default is in `graph/plan/limits.ts`. */
export interface Policy {
  /** Bound of each REST call (`seldon.io/rest-timeout`), null for none. */
  readonly restTimeoutMs: number | null;
  /** Bound of each gRPC call (`seldon.io/grpc-timeout`), null for none. */
  readonly grpcTimeoutMs: number | null;
  /** Bound of the whole request (`sidegraph.io/deadline-ms`). */
  readonly deadlineMs: number;
  /** Largest request body (`sidegraph.io/max-body-bytes`). */
  readonly maxBodyBytes: number;
  /** Time for a whole request to arrive (`sidegraph.io/body-timeout-ms`). */
  readonly bodyTimeoutMs: number;
  /** Headers of a request, all together (`sidegraph.io/max-header-bytes`). */
  readonly maxHeaderBytes: number;
  /** How many headers a request may have (`sidegraph.io/max-headers`). */
  readonly maxHeaders: number;
  /** Largest response that the filter reads from a unit (`sidegraph.io/max-answer-bytes`). */
  readonly maxAnswerBytes: number;
  /** Largest gRPC request message: the smaller of `seldon.io/grpc-max-message-size` and `maxBodyBytes`. */
  readonly grpcMaxMessageBytes: number;
  /** Attempts after the first on each call, made by Envoy (`sidegraph.io/retries`); 0 for none. */
  readonly retries: number;
  /** Bound of one attempt when there are retries (`sidegraph.io/per-try-timeout-ms`), null for none. */
  readonly perTryTimeoutMs: number | null;
  /** Whether `meta.routing` is written into the response's body. */
  readonly routingInBody: boolean;
  readonly cors: { readonly allowOrigin: string; readonly allowHeaders: string };
}

/** A deployment as one data plane serves it: predictors that share the traffic. */
export interface DeploymentPlan {
  readonly deployment: string;
  readonly namespace: string;
  readonly predictors: readonly PredictorPlan[];
}

export interface PredictorPlan {
  readonly plan: Plan;
  /** Percent of the requests; for a shadow the percent of requests that are copied to it. */
  readonly traffic: number;
  readonly shadow: boolean;
  /** Where its explainer is reached, where that is ours to lead to; in a cluster the gateway does. */
  readonly explainer?: { readonly host: string; readonly port: number };
}

/**
 * Whether any kind of request of a deployment needs the filter; Envoy serves the others alone. Feedback that no unit takes is
 * seldom sent: the first one starts the filter.
 */
export function needsFilter(deployment: DeploymentPlan): boolean {
  return deployment.predictors.some(({ plan: { routes, walk } }) =>
    ROUTES.some(
      (kind) =>
        routes[kind].kind === 'graph' && (kind.startsWith('predict') || takesFeedback(walk)),
    ),
  );
}

const ROUTES = ['predict-rest', 'predict-grpc', 'feedback-rest', 'feedback-grpc'] as const;

function takesFeedback({ feedback, children }: Step): boolean {
  return feedback || children.some(takesFeedback);
}
