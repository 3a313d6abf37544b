// One gRPC call, from the moment it is asked for to its one result: it may be moved from one connection to another.
import { grpcFrameHead } from '../../../lib/codecs/grpc/frame.ts';
import type { CallHandle, CallRequest, CallResult } from '../../contract/calls.ts';
import type { QueuedCall } from '../calls-queue.ts';
import type { Deadline } from '../deadlines.ts';
import { totalLength } from '../http1/request-writer.ts';
import type { Http2Connection } from './connection.ts';
import type { ClientStream, StreamLoss, StreamOwner } from './stream.ts';

export interface GrpcCallOwner {
  timedOut(call: GrpcCall): void;
  cancelled(call: GrpcCall): void;
  answered(call: GrpcCall, stream: ClientStream): void;
  /** `connection`: the one that carried it, which may not know yet that it is gone. */
  lost(call: GrpcCall, connection: Http2Connection, stream: ClientStream, loss: StreamLoss): void;
}

export class GrpcCall implements QueuedCall, StreamOwner {
  readonly request: CallRequest;
  readonly done: (result: CallResult) => void;
  readonly pieces: readonly Buffer[];
  deadline: Deadline | undefined;
  /** Unpacks the response, once that is whole. */
  unpacking: CallHandle | undefined;
  /** How often it was moved to another connection. */
  moves = 0;
  over = false;
  readonly #owner: GrpcCallOwner;
  /** Undefined while no connection carries it. */
  #connection: Http2Connection | undefined;
  #stream: ClientStream | undefined;

  constructor(owner: GrpcCallOwner, request: CallRequest, done: (result: CallResult) => void) {
    this.#owner = owner;
    this.request = request;
    this.done = done;
    const { body } = request;
    this.pieces = Buffer.isBuffer(body)
      ? [grpcFrameHead(body.length), body]
      : [grpcFrameHead(totalLength(body)), ...body];
  }

  /** Begins a stream on a connection that has room. */
  attach(connection: Http2Connection): void {
    this.#connection = connection;
    this.#stream = connection.open(this);
  }

  /** Gives up the stream, if there is one. */
  detach(): void {
    const connection = this.#connection;
    const stream = this.#stream;
    this.#connection = undefined;
    this.#stream = undefined;
    if (connection !== undefined && stream !== undefined) connection.abandon(stream);
  }

  answered(stream: ClientStream): void {
    this.#connection = undefined;
    this.#stream = undefined;
    this.#owner.answered(this, stream);
  }

  lost(stream: ClientStream, loss: StreamLoss): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#stream = undefined;
    if (connection !== undefined) this.#owner.lost(this, connection, stream, loss);
  }

  cancel(): void {
    if (!this.over) this.#owner.cancelled(this);
  }

  expire(): void {
    if (!this.over) this.#owner.timedOut(this);
  }
}
