// The seam between the ext_proc transport and the walk. The transport gathers a request (headers, whole body), hands
// it over as an exchange, and writes the outcome in whatever phase of ext_proc the request is in. Both transports (the
// `node:net` one that is served, and the tests' reference implementation on grpc-js) speak to the walk through these types alone.
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { BodyMemory } from './bodies.ts';
import type { ResponseHead, Message } from './message.ts';

export interface Exchange extends BodyMemory {
  readonly headers: RequestHeaders;
  /** The client's message. */
  readonly message: Message;
  /** True once the client has gone away; a reply is then dropped. */
  readonly cancelled: boolean;
  /** Called once if the client goes away before the reply. */
  onCancel(listener: () => void): void;
  /** Exactly once. */
  reply(outcome: Outcome): void;
}

/** The client's request headers, kept as the bytes in which Envoy sent them. */
export interface RequestHeaders {
  /** Value of a lower-case header or pseudo-header, undefined when absent. */
  find(name: string): string | undefined;
  /** Copies such a value to the start of `into`; its length in bytes, −1 when it is absent or longer than there is room. */
  copy(name: string, into: Uint8Array): number;
  /**
   * The headers that every unit is given, written for HTTP/1.1 as `name: value\r\n` lines, made once and kept:
   * everything but pseudo-headers, `host`, `content-length`, `content-type`, `content-encoding`,
   * `transfer-encoding`, hop-by-hop headers, `expect`, `te`, `x-envoy-*`, `seldon-routing`, `x-sidegraph-*` and the headers that say how a
   * body is laid out (`Dialect.layoutHeader`).
   * `readable` leaves out `accept-encoding` too, for calls whose response must be read.
   */
  http1Block(readable: boolean): Buffer;
  /** The same for gRPC, as HPACK literals without indexing; also without `user-agent` and `grpc-*`. */
  hpackBlock(): Buffer;
  /** From here on the blocks are without the headers that say a trace: each call brings its own. Before the first block is asked for. */
  replaceTrace(): void;
}

export type Outcome =
  /** Envoy forwards `message` to the unit that `key` names (`tailKey`), on `path`. */
  | {
      readonly kind: 'tail';
      readonly key: string;
      readonly path: string;
      readonly message: Message;
      readonly routing: string;
      /** Makes of each further message of a gRPC stream what the unit takes; absent where there is one message. */
      readonly later?: (body: Buffer) => Buffer;
    }
  /** The filter answers: a message that no call is left for, or (REST) a unit's error, unchanged. */
  | {
      readonly kind: 'response';
      /** HTTP status. gRPC: 200. */
      readonly status: number;
      readonly message: Message;
      /** Value of `seldon-routing`, '' for none. */
      readonly routing: string;
    }
  /** gRPC: a unit's error, passed with its status and message. */
  | {
      readonly kind: 'grpc-error';
      readonly grpcStatus: number;
      readonly grpcMessage: string;
      readonly head: ResponseHead | undefined;
      readonly routing: string;
    }
  /** Sidegraph's own error. */
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly info: string;
      readonly routing: string;
    };
