// What the walk needs to know of a message's inside, said once for JSON and for protobuf. All functions take and give
// bytes without content encoding and never throw.
import type { ErrorCode } from '../../graph/plan/errors.ts';

/** Why a message could not be used; `info` says what is wrong with it, without naming the unit. */
export interface Unusable {
  readonly code: ErrorCode;
  readonly info: string;
  /** Position of the message among those given, where there were several. */
  readonly position: number;
}

/** `too-long`: longer than any plan's. */
export type FeedbackRoutingFound = Readonly<Record<string, unknown>> | 'too-long' | null;

/** Choice of each unit that was asked or passed: −1 all, −2 none, N child N. */
export type Routing = Readonly<Record<string, number>>;

export type DialectName = 'json' | 'proto';

export interface Dialect {
  readonly name: DialectName;
  /** Content type of messages that Sidegraph writes itself. */
  readonly contentType: string | null;
  /** A message that says nothing: what gRPC answers a feedback with that nobody took. */
  readonly empty: Buffer;
  /** The branch that a router's answer names, truncated to an integer. */
  readRoute(body: Buffer): number | Unusable;
  /** The first answer that cannot be given to a combiner; null when all can. */
  findUnjoinable(bodies: readonly Buffer[]): Unusable | null;
  /** The message that a combiner gets: all answers in order, as pieces to be sent one after the other; they are not read. */
  joinAnswers(bodies: readonly Buffer[]): Buffer[];
  /** AVERAGE_COMBINER: the first message with the element-wise mean as its data. */
  average(bodies: readonly Buffer[]): Buffer | Unusable;
  /** What `average` makes on its way besides the bodies, bytes; an upper bound. */
  averageBytes(bodies: readonly Buffer[]): number;
  /** SIMPLE_MODEL: the constant answer, or the request's own strData or binData. */
  simpleModel(body: Buffer): Buffer;
  /** The message with `routing` laid over its `meta.routing`; unchanged where that cannot be done. */
  writeRouting(body: Buffer, routing: Routing): Buffer;
  /**
   * `response.meta.routing` of a feedback; null when it has none, or an empty one. Values as they were sent.
   */
  readFeedbackRouting(body: Buffer): FeedbackRoutingFound;
  /** A feedback with `routing` as its `response.meta.routing`; unchanged where that cannot be done. */
  writeFeedbackRouting(body: Buffer, routing: Routing): Buffer;
}
