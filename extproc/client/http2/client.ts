// The gRPC client of one edge over HTTP/2 with prior knowledge: one connection, and more when its streams are used up.
// A call that the peer has provably not looked at is moved to another connection; one whose reused connection died
// before the answer began is moved once, if it may be sent twice.
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import { OVERLOADED_INFO } from '../../contract/held-bytes.ts';
import { type Deadlines, sharedDeadlines } from '../deadlines.ts';
import { failure, type FailureCode, tooLargeText } from '../../contract/failure.ts';
import { readGrpcResult } from '../grpc/answer.ts';
import type { Address } from '../http1/connection.ts';
import { DEFAULT_CONCURRENT_STREAMS, MAX_H2_CONNECTIONS, MAX_WAITING_CALLS } from '../limits.ts';
import { GrpcCall } from './call.ts';
import { Http2Connection } from './connection.ts';
import type { StreamLoss } from './owner.ts';
import { RequestBlocks } from './request-block.ts';

/** Moves of a call that no peer has looked at. */
const MAX_MOVES = 2;

export interface Http2Options {
  readonly address: Address;
  /** Value of `:authority`, and the address in the text of failures. */
  readonly host: string;
  /** Whether the peer is told the timeout of a call (`grpc-timeout`); it is unless this is false. */
  readonly saysTimeout?: boolean;
  readonly maxConnections?: number;
  /** How many calls a connection carries before another one takes over. */
  readonly maxCallsPerConnection?: number;
  readonly maxWaitingCalls?: number;
  readonly deadlines?: Deadlines;
}

export class Http2Client implements UnitClient {
  readonly headerForm = 'hpack';
  private readonly options: Http2Options;
  private readonly blocks: RequestBlocks;
  private readonly deadlines: Deadlines;
  private readonly maxConnections: number;
  private readonly maxWaitingCalls: number;
  private readonly connections: Http2Connection[] = [];
  private readonly waiting: GrpcCall[] = [];
  private allowedStreams = DEFAULT_CONCURRENT_STREAMS;
  private closing = false;

  constructor(options: Http2Options) {
    this.options = options;
    this.blocks = new RequestBlocks(options.host, options.saysTimeout ?? true);
    this.deadlines = options.deadlines ?? sharedDeadlines;
    this.maxConnections = options.maxConnections ?? MAX_H2_CONNECTIONS;
    this.maxWaitingCalls = options.maxWaitingCalls ?? MAX_WAITING_CALLS;
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const call = new GrpcCall(this, request, done);
    if (request.timeoutMs !== null) {
      call.deadline = this.deadlines.make(call);
      this.deadlines.set(call.deadline, request.timeoutMs);
    }
    this.place(call);
    return call;
  }

  close(): void {
    this.closing = true;
    for (const connection of this.connections.slice()) connection.drain();
  }

  answered(_connection: Http2Connection, call: GrpcCall): void {
    call.connection = null;
    call.unpacking = readGrpcResult(call, call.request, this.options.host, (result) =>
      this.finish(call, result),
    );
  }

  lost(connection: Http2Connection, call: GrpcCall, loss: StreamLoss): void {
    if (this.mayMove(call, loss)) {
      call.moves++;
      // The connection may still be in the list, and have room, until it says that it is closed.
      this.place(call, connection);
      return;
    }
    switch (loss.kind) {
      case 'unconnected':
        return this.fail(call, 'UNIT_UNREACHABLE', loss.text);
      case 'unprocessed':
      case 'gone':
      case 'broken':
        return this.fail(call, 'UNIT_RESET', loss.text);
      case 'too-large':
        return this.fail(call, 'ANSWER_TOO_LARGE', tooLargeText(call.request));
      case 'overloaded':
        return this.fail(call, 'OVERLOADED', OVERLOADED_INFO);
    }
  }

  learned(allowedStreams: number): void {
    this.allowedStreams = allowedStreams;
  }

  roomed(connection: Http2Connection): void {
    while (this.waiting.length > 0 && connection.hasRoom()) {
      const next = this.waiting.shift();
      if (next !== undefined) connection.carry(next);
    }
    if (this.closing && this.waiting.length === 0) connection.drain();
  }

  closed(connection: Http2Connection): void {
    const at = this.connections.indexOf(connection);
    if (at >= 0) this.connections.splice(at, 1);
    for (const call of this.waiting.splice(0)) this.place(call);
  }

  timedOut(call: GrpcCall): void {
    this.abandon(call);
    this.fail(call, 'UNIT_TIMEOUT', `no answer within ${call.request.timeoutMs} ms`);
  }

  cancelled(call: GrpcCall): void {
    this.settle(call);
    this.abandon(call);
  }

  private place(call: GrpcCall, except: Http2Connection | null = null): void {
    for (const connection of this.connections) {
      if (connection !== except && connection.hasRoom()) {
        connection.carry(call);
        return;
      }
    }
    if (this.connections.length < this.maxConnections || except !== null) {
      const { address } = this.options;
      const connection = new Http2Connection(
        address,
        this,
        this.blocks,
        this.deadlines,
        this.allowedStreams,
        this.options.maxCallsPerConnection ?? Number.POSITIVE_INFINITY,
      );
      this.connections.push(connection);
      connection.carry(call);
      if (this.closing) connection.drain();
    } else if (this.waiting.length < this.maxWaitingCalls) {
      this.waiting.push(call);
    } else {
      const text = `${this.connections.length} connections full, ${this.waiting.length} calls waiting`;
      // Not before the caller has its handle.
      queueMicrotask(() => {
        if (!call.over) this.fail(call, 'UNIT_UNREACHABLE', text);
      });
    }
  }

  private mayMove(call: GrpcCall, loss: StreamLoss): boolean {
    if (loss.kind === 'unprocessed') return call.moves < MAX_MOVES;
    return (
      loss.kind === 'gone' &&
      loss.unanswered &&
      call.reused &&
      call.moves === 0 &&
      call.request.replaceable
    );
  }

  private abandon(call: GrpcCall): void {
    if (call.connection !== null) call.connection.abandon(call);
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  private settle(call: GrpcCall): void {
    call.over = true;
    call.unpacking?.cancel();
    call.unpacking = null;
    if (call.deadline !== null) this.deadlines.drop(call.deadline);
  }

  private fail(call: GrpcCall, code: FailureCode, text: string): void {
    this.finish(call, failure(code, this.options.host, call.request.path, text));
  }

  private finish(call: GrpcCall, result: CallResult): void {
    this.settle(call);
    call.connection = null;
    call.done(result);
  }
}
