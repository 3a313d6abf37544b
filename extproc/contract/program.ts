// A plan made runnable: one route for each kind of request. The walk compiles it, the process keeps it by the hash of its
// plan, and the transport hands requests to its routes.
import type { Dialect } from '../../dialects/dialect.ts';
import type { RouteKind } from '../../graph/plan/plan.ts';
import type { Exchange } from './exchange.ts';

export interface Route {
  /** gRPC messages are unframed, and uncompressed, by the transport. */
  readonly grpc: boolean;
  /** Larger bodies are answered with BODY_TOO_LARGE. gRPC: bound of the message. */
  readonly maxBodyBytes: number;
  /** Of the graph's clients: what their errors look like, and which header belongs to a body. */
  readonly dialect: Dialect;
  /** Called once for each request, when it is whole. What it throws is a bug, and the transport answers INTERNAL. */
  handle(exchange: Exchange): void;
}

export interface Program {
  readonly hash: string;
  /** The same object at each call: it holds no state of a request. */
  route(kind: RouteKind): Route;
  /** Closes the clients; calls in flight end by themselves. */
  close(): void;
}

/** Told by the transport at the headers of each request; finds the program that the route names. */
export interface Router {
  /** Binds a stream to the plan that was live when it began; undefined: answered with PLAN_UNKNOWN. */
  open(routeName: string): BoundRoute | undefined;
}

/** A route that one stream has opened. */
export interface BoundRoute extends Route {
  /** Called once, when the stream is over, answered or not. */
  release(): void;
}
