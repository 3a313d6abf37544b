// The seam between the walk and the clients that make side calls. A client serves one edge (a unit over one transport);
// it keeps connections, bounds time and size, replaces a dead idle connection once, and never throws.
import type { ErrorCode } from '../../graph/plan/errors.ts';
import type { BodyMemory } from './bodies.ts';
import type { ResponseHead } from './message.ts';

/** Predictions are POSTs; what is asked off their path is a GET, without a body. */
export type CallMethod = 'POST' | 'GET';

export interface CallRequest {
  /** Path of the verb: `/predict`, `/seldon.protos.Model/Predict`. */
  readonly path: string;
  /** `http1Block` or `hpackBlock` of the request's headers. */
  readonly headers: Buffer;
  /** Further headers of this call alone, in the same form; undefined for none. */
  readonly extra: Buffer | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** REST: the body. gRPC: the message without its frame. May be several pieces, sent one after the other. */
  readonly body: Buffer | readonly Buffer[];
  /** undefined: no bound but the request's own deadline. */
  readonly timeoutMs: number | undefined;
  readonly maxAnswerBytes: number;
  /** Where the response's body goes; its bytes are held before they are read. */
  readonly memory: BodyMemory;
  /** False for feedback: never sent again once bytes of it may have been written. */
  readonly replaceable: boolean;
}

export type CallResult =
  | {
      readonly kind: 'response';
      /** 2xx, or grpc-status 0. */
      readonly isOk: boolean;
      /** REST: HTTP status. gRPC: grpc-status. */
      readonly status: number;
      /** gRPC: grpc-message, percent-decoded; REST: ''. */
      readonly grpcMessage: string;
      readonly head: ResponseHead;
      /** gRPC: the message without its frame. */
      readonly body: Buffer;
    }
  | {
      readonly kind: 'failure';
      readonly code: ErrorCode;
      /** What happened, with the address: `POST http://127.0.0.1:9000/predict: connection refused`. */
      readonly text: string;
    };

export type CallResponse = Extract<CallResult, { kind: 'response' }>;

export interface CallHandle {
  /** Stops the call; `done` is not called any more. Harmless when it is over. */
  cancel(): void;
}

export interface UnitClient {
  /** Which block of the request's headers `CallRequest.headers` has to be: `http1Block` or `hpackBlock`. */
  readonly headerForm: 'http1' | 'hpack';
  call(request: CallRequest, done: (result: CallResult) => void): CallHandle;
  /** Closes idle connections now and the busy ones when their call ends. */
  close(): void;
}

/** Something more that a client does: the same client, with what it is given in place of its own. */
export function decorateClient(
  client: UnitClient,
  own: Partial<Pick<UnitClient, 'call' | 'close'>>,
): UnitClient {
  return {
    headerForm: client.headerForm,
    call: own.call ?? ((request, done) => client.call(request, done)),
    close: own.close ?? (() => client.close()),
  };
}
