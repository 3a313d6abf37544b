// All that Sidegraph knows of a protocol, in two halves: `Dialect` is names and tables, read where configuration is rendered;
// `Messages` is what is inside of messages, bytes in and bytes out, read by the walk and by the thread for large ones. Both
// are pure. One room beside this file for each protocol, with the same file names in each.
import type { DialectName, RouteKind, Transport, Verb } from '../graph/plan/plan.ts';
import type { ProtoFile } from '../proto/load.ts';
import type { Edits, Payload, Pieces, Unusable } from './payload.ts';

export interface Dialect {
  readonly name: DialectName;
  /** What clients ask of a graph, in the order of the routes. */
  readonly clientRoutes: readonly ClientRoute[];
  /**
   * Where a unit answers a verb; undefined: the protocol has no such call over this transport. `model` is a segment of a path,
   * percent-encoded (or what stands for one in a rewrite), with `/versions/N` after it where a version is asked for; protocols
   * whose paths name no model ignore it.
   */
  unitPath(model: string, verb: Verb, transport: Transport): string | undefined;
  /** Whether units take feedback, and messages have a place for the routing that it follows. */
  readonly takesFeedback: boolean;
  /** Whether responses hold numbers, of which AVERAGE_COMBINER makes a mean. */
  readonly hasNumbers: boolean;
  /** The field of a gRPC request that names the model, where Envoy can fill it in; undefined for none, and where it is nested. */
  readonly grpcModelField: number | undefined;
  /** What gRPC services of the protocol begin with, for whoever routes by it; undefined where there are none. */
  readonly grpcPackage: string | undefined;
  /** The model that the path of a REST request names, undefined where it names none; absent where no path does. */
  readonly modelInPath: ((path: string) => NamedModel | undefined) | undefined;
  /** What a path says of the graph's last call, undefined where that is an ordinary one; absent where no path says anything. */
  readonly lastInPath: ((path: string) => LastCall | undefined) | undefined;
  /**
   * The header that says, beside the content type, how a body is laid out: it belongs to one message and goes where that goes. undefined for
   * none.
   */
  readonly layoutHeader: string | undefined;
  /** Body of an error of Sidegraph's own over REST. Both may hold operators of Envoy's access log. */
  errorFields(status: number | string, info: string): Readonly<Record<string, unknown>>;
  readonly control: ControlEndpoints;
  /** Paths that a kubelet asks a server of the protocol; undefined where a connection has to do. */
  readonly probe: { readonly live: string; readonly ready: string } | undefined;
  /** A request to try. */
  readonly example: {
    readonly path: string;
    readonly body: string;
    readonly grpcPath: string | undefined;
  };
}

/** As segments of a path, percent-encoded. */
export interface NamedModel {
  readonly model: string;
  /** `/versions/N` or `/labels/L`, as in the path; '' for none. */
  readonly version: string;
}

/** The call that answers the client, where the client asks for another one than `predict`: a stream, say. */
export interface LastCall {
  pathOf(model: string): string;
  /** Whether all models are asked this way, and not only the last one, whose response then must be the graph's as it comes. */
  readonly everywhere: boolean;
  /** Whether messages are the protocol's ordinary ones, which can be fitted to units. */
  readonly fits: boolean;
}

export interface ClientRoute {
  readonly kind: RouteKind;
  /** A path, or a template (`dialects/template.ts`). */
  readonly path: string;
  /** Of a template: the model as `unitPath` takes it, `\N` for what is in the Nth hole. */
  readonly model?: string;
  /**
   * `walk`: a request of the graph. `last`: one whose last call is another (`lastInPath`); Envoy passes it on as it is where it serves alone.
   * `pass`: a call that only single models have (TensorFlow's `:classify`): it goes to the unit as it is where the graph is one, elsewhere
   * it is not served.
   */
  readonly use: 'walk' | 'last' | 'pass';
  /** The response may stream, and the request over gRPC: they are bounded by their longest pause, not by their time. */
  readonly streams?: boolean;
}

/** What is asked of the graph besides predictions and feedback: its control endpoints. */
export interface ControlEndpoints {
  /** What Envoy leads to them: a path, or all that is below it too. */
  readonly roots: readonly ControlRoot[];
  readonly http: readonly HttpControl[];
  readonly grpc: GrpcControl;
}

export interface ControlRoot {
  readonly path: string;
  readonly below: boolean;
  /** `service` in Seldon's metrics; '' where Seldon counts nothing. */
  readonly service: string;
}

export interface HttpControl {
  /** A path, or a template with `{unit}`. */
  readonly path: string;
  readonly response: HttpControlResponse;
  /** JSON of a 200 to `ready` or `live`, for a client that sends `accept`; nothing where the protocol has none. */
  readonly body?: string;
}

export type HttpControlResponse =
  /** 200 when all units accept connections, else 503. */
  | 'ready'
  | 'live'
  | 'unit-status'
  | 'unit-metadata'
  | 'graph-metadata'
  | 'server-metadata'
  /** The list of models of OpenAI's protocol. */
  | 'models'
  | 'doc'
  /** To the page, whose relative links need the slash. */
  | 'doc-without-slash'
  | 'openapi';

export interface GrpcControl {
  /** Files of `proto/`, for reflection. */
  readonly files: readonly ProtoFile[];
  /** Services that reflection and health know. */
  readonly services: readonly string[];
  readonly methods: readonly GrpcMethod[];
}

export type GrpcMethod = {
  readonly path: string;
} /** A unit is asked by `unitPath` and its response passed on. */ & (
  | {
      readonly response: 'unit';
      readonly unitPath: string;
      /** Name of the unit; where the graph has one unit alone, any name is that unit's. */
      unitIn(request: Buffer): string;
      /** What the unit is asked with. */
      ask(request: Buffer): Buffer;
      /** What a built-in answers. */
      builtIn(unit: string): Buffer;
    }
  /** Of all units, asked by `unitPath`. */
  | { readonly response: 'graph-metadata'; readonly unitPath: string }
  | { readonly response: 'made'; make(server: ServerFacts): Buffer }
);

/** What a server says of itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  readonly ready: boolean;
}

/** Choice of each unit that was asked or passed: −1 all, −2 none, N child N. */
export type Routing = Readonly<Record<string, number>>;

/** What a feedback says of the prediction that it is for. */
export type FeedbackReading =
  | {
      readonly kind: 'feedback';
      /** Values as they were sent; undefined for none and for an empty one; `too-long`: longer than any plan's. */
      readonly routing: Readonly<Record<string, unknown>> | 'too-long' | undefined;
      /** 0 where none was sent, NaN for what is none. */
      readonly reward: number;
      /** Of the prediction's request, as far as the feedback has it: those of an ndarray or tensor; 1 for anything else, and for none. */
      readonly rows: number;
      /** The prediction's, where nothing more is said of it; undefined otherwise. */
      readonly puid: string | undefined;
      /** Sidegraph's own form, which units do not know: `writeFeedback` makes theirs of it. */
      readonly isShort: boolean;
    }
  /** It was meant to name a prediction by its puid, and is not in order. */
  | { readonly kind: 'malformed'; readonly info: string }
  /** It cannot be read. */
  | undefined;

/** The messages of a protocol over one transport. Nothing here throws. */
export interface Messages {
  readonly dialect: DialectName;
  readonly transport: Transport;
  /** Content type of messages that Sidegraph writes itself. */
  readonly contentType: string | undefined;
  /** A message that says nothing: what gRPC responses a feedback with that nobody took. */
  readonly empty: Buffer;
  /** What makes requests of messages; undefined where every message is one. */
  readonly requests: Requests | undefined;
  /** The branch that a router's response names, truncated to an integer. */
  readRoute(response: Payload): number | Unusable;
  /** The first response that cannot be given to a combiner; undefined when all can. */
  findUnjoinable(responses: readonly Payload[]): Unusable | undefined;
  /** What the combiner named `model` gets: all responses in order, as pieces to be sent one after the other; they are not read. */
  joinResponses(responses: readonly Payload[], model: string): Pieces;
  /** AVERAGE_COMBINER: the first message with the element-wise mean as its data. */
  average(responses: readonly Payload[]): Payload | Unusable;
  /** What `average` makes on its way besides the bodies, bytes; an upper bound. */
  averageBytes(responses: readonly Payload[]): number;
  /** SIMPLE_MODEL: the constant response of the unit named `model`, or what the request sent for it to say. */
  simpleModel(request: Payload, model: string): Payload;
  /** Routing in the body; undefined where the protocol has no place for it. */
  readonly routing: RoutingInBody | undefined;
}

export interface Requests {
  /** The model that a client's message names, '' for none. Over REST it is in the path. */
  modelIn(request: Payload): string;
  /**
   * What a unit gets that is asked to predict or to transform under the name `model`: the edits that make it of the client's message, or
   * of another unit's response; undefined where it may stay.
   */
  fit(message: Payload, model: string, isResponse: boolean): Edits | Unusable | undefined;
  /** A client's own message is what every unit gets, unread. */
  readonly ownFits: boolean;
  /** Of how many bytes `fit` may look at each. */
  bytesRead(message: Payload): number;
  /** What makes a response of the client's own message, where the walk ends without a call; undefined where it may stay. */
  asResponse(request: Payload): Edits | undefined;
}

export interface RoutingInBody {
  /** The message with `routing` laid over its own; unchanged where that cannot be done. */
  write(body: Buffer, routing: Routing): Buffer;
  readFeedback(body: Buffer): FeedbackReading;
  /** A feedback with `routing`, in the form that units know; unchanged where that cannot be done. */
  writeFeedback(body: Buffer, routing: Routing): Buffer;
}
