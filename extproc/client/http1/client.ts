// The HTTP/1.1 client of one edge: a stack of idle connections, the last used first, so that those not needed grow
// old and are closed. Calls above the limit of connections wait in a bounded queue. A call whose reused connection
// was dead is moved once to a fresh one.
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import { OVERLOADED_INFO } from '../../contract/held-bytes.ts';
import { type Deadlines, sharedDeadlines } from '../deadlines.ts';
import { errnoWords, failure, type FailureCode, tooLargeText } from '../../contract/failure.ts';
import { MAX_CONNECTIONS, MAX_WAITING_CALLS } from '../limits.ts';
import { Http1Call } from './call.ts';
import { type Address, Http1Connection, type Loss } from './connection.ts';
import { RequestWriter } from './request-writer.ts';

export interface Http1Options {
  readonly address: Address;
  /** Value of `host`, and the address in the text of failures. */
  readonly host: string;
  readonly maxConnections?: number;
  readonly maxWaitingCalls?: number;
  readonly deadlines?: Deadlines;
}

export class Http1Client implements UnitClient {
  readonly headerForm = 'http1';
  private readonly options: Http1Options;
  private readonly deadlines: Deadlines;
  private readonly writer: RequestWriter;
  private readonly maxConnections: number;
  private readonly maxWaitingCalls: number;
  private readonly idle: Http1Connection[] = [];
  private readonly waiting: Http1Call[] = [];
  private connections = 0;
  private closed = false;

  constructor(options: Http1Options) {
    this.options = options;
    this.deadlines = options.deadlines ?? sharedDeadlines;
    this.writer = new RequestWriter(options.host);
    this.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.maxWaitingCalls = options.maxWaitingCalls ?? MAX_WAITING_CALLS;
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const call = new Http1Call(this, request, done);
    if (request.timeoutMs !== null) {
      call.deadline = this.deadlines.make(call);
      this.deadlines.set(call.deadline, request.timeoutMs);
    }
    this.place(call);
    return call;
  }

  close(): void {
    this.closed = true;
    for (const connection of this.idle.splice(0)) this.drop(connection);
  }

  answered(connection: Http1Connection, call: Http1Call, reusable: boolean): void {
    const { head, body } = connection.parser.take();
    if (reusable) this.free(connection);
    else this.retire(connection);
    if (head === null) return this.fail(call, 'UNIT_RESET', 'no head');
    const { status } = head;
    const ok = status >= 200 && status < 300;
    this.finish(call, { kind: 'answer', ok, status, grpcMessage: '', head, body });
  }

  lost(connection: Http1Connection, call: Http1Call | null, loss: Loss): void {
    this.connections--;
    if (call === null) {
      const at = this.idle.indexOf(connection);
      if (at >= 0) this.idle.splice(at, 1);
      return;
    }
    call.connection = null;
    if (loss.kind === 'unanswered' && this.mayReplace(connection, call, loss.sent)) {
      call.replaced = true;
      this.open(call);
      return;
    }
    this.startWaiting();
    switch (loss.kind) {
      case 'unconnected':
        return this.fail(call, 'UNIT_UNREACHABLE', wordsOf(loss.error, 'connection closed'));
      case 'unanswered':
      case 'broken':
        return this.fail(call, 'UNIT_RESET', wordsOf(loss.error, loss.text));
      case 'too-large':
        return this.fail(call, 'ANSWER_TOO_LARGE', tooLargeText(call.request));
      case 'overloaded':
        return this.fail(call, 'OVERLOADED', OVERLOADED_INFO);
    }
  }

  timedOut(call: Http1Call): void {
    this.abandon(call);
    this.fail(call, 'UNIT_TIMEOUT', `no answer within ${call.request.timeoutMs} ms`);
  }

  cancelled(call: Http1Call): void {
    call.over = true;
    if (call.deadline !== null) this.deadlines.drop(call.deadline);
    this.abandon(call);
  }

  private place(call: Http1Call): void {
    const connection = this.idle.pop();
    if (connection !== undefined) {
      call.connection = connection;
      connection.carry(call);
    } else if (this.connections < this.maxConnections) {
      this.open(call);
    } else if (this.waiting.length < this.maxWaitingCalls) {
      this.waiting.push(call);
    } else {
      const text = `${this.connections} connections busy, ${this.waiting.length} calls waiting`;
      // Not before the caller has its handle.
      queueMicrotask(() => {
        if (!call.over) this.fail(call, 'UNIT_UNREACHABLE', text);
      });
    }
  }

  private open(call: Http1Call): void {
    this.connections++;
    const connection = new Http1Connection(this.options.address, this, this.writer, this.deadlines);
    call.connection = connection;
    connection.carry(call);
  }

  private free(connection: Http1Connection): void {
    const next = this.waiting.shift();
    if (next !== undefined) {
      next.connection = connection;
      connection.carry(next);
    } else if (this.closed) {
      this.drop(connection);
    } else {
      this.idle.push(connection);
      connection.rest();
    }
  }

  /** Closes a connection that is in no list, and lets a waiting call have its place. */
  private retire(connection: Http1Connection): void {
    this.drop(connection);
    this.startWaiting();
  }

  private drop(connection: Http1Connection): void {
    this.connections--;
    connection.destroy();
  }

  private startWaiting(): void {
    if (this.connections >= this.maxConnections) return;
    const next = this.waiting.shift();
    if (next !== undefined) this.open(next);
  }

  private mayReplace(connection: Http1Connection, call: Http1Call, sent: boolean): boolean {
    return connection.used && !call.replaced && (call.request.replaceable || !sent);
  }

  private abandon(call: Http1Call): void {
    const { connection } = call;
    call.connection = null;
    if (connection !== null) return this.retire(connection);
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  private fail(call: Http1Call, code: FailureCode, text: string): void {
    this.finish(call, failure(code, this.options.host, call.request.path, text));
  }

  private finish(call: Http1Call, result: CallResult): void {
    call.over = true;
    call.connection = null;
    if (call.deadline !== null) this.deadlines.drop(call.deadline);
    call.done(result);
  }
}

function wordsOf(error: unknown, otherwise: string): string {
  return error === null ? otherwise : errnoWords(error);
}
