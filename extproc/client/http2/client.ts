// The gRPC client of one edge over HTTP/2 with prior knowledge: one connection, and more when its streams are used up.
// A call that the peer has provably not looked at is moved to another connection; one whose reused connection died
// before the response began is moved once, if it may be sent twice.
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import { tooLargeText } from '../../contract/failure.ts';
import { OVERLOADED_INFO } from '../../contract/held-bytes.ts';
import type { ConnectionAddress } from '../address.ts';
import { CallsQueue, type CallsQueueOptions } from '../calls-queue.ts';
import { readGrpcResult } from '../grpc/response.ts';
import { DEFAULT_CONCURRENT_STREAMS, MAX_H2_CONNECTIONS } from '../limits.ts';
import { GrpcCall } from './call.ts';
import { Http2Connection } from './connection.ts';
import { RequestBlocks } from './request-block.ts';
import type { ClientStream, StreamLoss } from './stream.ts';

/** Moves of a call that no peer has looked at. */
const MAX_MOVES = 2;

export interface Http2Options extends CallsQueueOptions {
  readonly address: ConnectionAddress;
  /** Whether the peer is told the timeout of a call (`grpc-timeout`); it is unless this is false. */
  readonly saysTimeout?: boolean;
  readonly maxConnections?: number;
  /** How many calls a connection carries before another one takes over. */
  readonly maxCallsPerConnection?: number;
}

export class Http2Client implements UnitClient {
  readonly headerForm = 'hpack';
  readonly #options: Http2Options;
  readonly #blocks: RequestBlocks;
  readonly #maxConnections: number;
  readonly #queue: CallsQueue<GrpcCall>;
  readonly #connections: Http2Connection[] = [];
  #allowedStreams = DEFAULT_CONCURRENT_STREAMS;
  #closing = false;

  constructor(options: Http2Options) {
    this.#options = options;
    this.#queue = new CallsQueue(options);
    this.#blocks = new RequestBlocks(options.host, options.saysTimeout ?? true);
    this.#maxConnections = options.maxConnections ?? MAX_H2_CONNECTIONS;
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const call = new GrpcCall(this, request, done);
    this.#queue.begin(call);
    this.#place(call);
    return call;
  }

  close(): void {
    this.#closing = true;
    for (const connection of this.#connections.slice()) connection.drain();
  }

  answered(call: GrpcCall, stream: ClientStream): void {
    call.unpacking = readGrpcResult(stream, call.request, this.#options.host, (result) => {
      call.unpacking = undefined;
      this.#queue.finish(call, result);
    });
  }

  lost(call: GrpcCall, connection: Http2Connection, stream: ClientStream, loss: StreamLoss): void {
    if (mayMove(call, stream, loss)) {
      call.moves++;
      // The connection may still be in the list, and have room, until it says that it is closed.
      this.#place(call, connection);
      return;
    }
    const queue = this.#queue;
    switch (loss.kind) {
      case 'unconnected':
        return queue.fail(call, 'UNIT_UNREACHABLE', loss.text);
      case 'unprocessed':
      case 'gone':
      case 'broken':
        return queue.fail(call, 'UNIT_RESET', loss.text);
      case 'too-large':
        return queue.fail(call, 'ANSWER_TOO_LARGE', tooLargeText(call.request));
      case 'overloaded':
        return queue.fail(call, 'OVERLOADED', OVERLOADED_INFO);
    }
  }

  learned(allowedStreams: number): void {
    this.#allowedStreams = allowedStreams;
  }

  roomed(connection: Http2Connection): void {
    while (this.#queue.waiting > 0 && connection.hasRoom()) this.#queue.next()?.attach(connection);
    if (this.#closing && this.#queue.waiting === 0) connection.drain();
  }

  closed(connection: Http2Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at >= 0) this.#connections.splice(at, 1);
    for (const call of this.#queue.takeAll()) this.#place(call);
  }

  timedOut(call: GrpcCall): void {
    this.#abandon(call);
    this.#queue.timedOut(call);
  }

  cancelled(call: GrpcCall): void {
    this.#queue.settle(call);
    this.#abandon(call);
  }

  #place(call: GrpcCall, except?: Http2Connection): void {
    const connections = this.#connections;
    for (const connection of connections) {
      if (connection !== except && connection.hasRoom()) {
        call.attach(connection);
        return;
      }
    }
    if (connections.length >= this.#maxConnections && except === undefined) {
      this.#queue.wait(call, `${connections.length} connections full`);
      return;
    }
    const connection = new Http2Connection(
      this.#options.address,
      this,
      this.#blocks,
      this.#queue.deadlines,
      this.#allowedStreams,
      this.#options.maxCallsPerConnection ?? Number.POSITIVE_INFINITY,
    );
    connections.push(connection);
    call.attach(connection);
    if (this.#closing) connection.drain();
  }

  #abandon(call: GrpcCall): void {
    call.unpacking?.cancel();
    call.unpacking = undefined;
    call.detach();
    this.#queue.leave(call);
  }
}

function mayMove(call: GrpcCall, stream: ClientStream, loss: StreamLoss): boolean {
  if (loss.kind === 'unprocessed') return call.moves < MAX_MOVES;
  return (
    loss.kind === 'gone' &&
    loss.unanswered &&
    stream.reused &&
    call.moves === 0 &&
    call.request.replaceable
  );
}
