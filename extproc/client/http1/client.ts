// The HTTP/1.1 client of one edge: a stack of idle connections, the last used first, so that those not needed grow
// old and are closed. Calls above the limit of connections wait in a bounded queue. A call whose reused connection
// was dead is moved once to a fresh one.
import type { CallHandle, CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import { errnoWords, tooLargeText } from '../../contract/failure.ts';
import { OVERLOADED_INFO } from '../../contract/held-bytes.ts';
import type { ConnectionAddress } from '../address.ts';
import { CallsQueue, type CallsQueueOptions } from '../calls-queue.ts';
import { MAX_CONNECTIONS } from '../limits.ts';
import { type Carrier, Http1Call } from './call.ts';
import { Http1Connection, type Loss } from './connection.ts';
import { RequestWriter } from './request-writer.ts';

export interface Http1Options extends CallsQueueOptions {
  readonly address: ConnectionAddress;
  readonly maxConnections?: number;
}

export class Http1Client implements UnitClient {
  readonly headerForm = 'http1';
  readonly #address: ConnectionAddress;
  readonly #writer: RequestWriter;
  readonly #maxConnections: number;
  readonly #queue: CallsQueue<Http1Call>;
  readonly #idle: Http1Connection[] = [];
  #connections = 0;
  #closed = false;

  constructor(options: Http1Options) {
    this.#address = options.address;
    this.#queue = new CallsQueue(options);
    this.#writer = new RequestWriter(options.host, options.method);
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  }

  call(request: CallRequest, done: (result: CallResult) => void): CallHandle {
    const call = new Http1Call(this, request, done);
    this.#queue.begin(call);
    this.#place(call);
    return call;
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  answered(connection: Http1Connection, call: Http1Call, reusable: boolean): void {
    const { head, body } = connection.parser.take();
    call.carrier = undefined;
    if (reusable) this.#free(connection);
    else this.#retire(connection);
    if (head === undefined) return this.#queue.fail(call, 'UNIT_RESET', 'no head');
    const { status } = head;
    const isOk = status >= 200 && status < 300;
    this.#queue.finish(call, { kind: 'response', isOk, status, grpcMessage: '', head, body });
  }

  lost(connection: Http1Connection, call: Http1Call | undefined, loss: Loss): void {
    this.#connections--;
    if (call === undefined) {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      return;
    }
    call.carrier = undefined;
    if (loss.kind === 'unanswered' && mayReplace(connection, call, loss.sent)) {
      call.replaced = true;
      this.#open(call);
      return;
    }
    this.#startWaiting();
    const queue = this.#queue;
    switch (loss.kind) {
      case 'unconnected':
        return queue.fail(call, 'UNIT_UNREACHABLE', wordsOf(loss.error, 'connection closed'));
      case 'unanswered':
      case 'broken':
        return queue.fail(call, 'UNIT_RESET', wordsOf(loss.error, loss.text));
      case 'too-large':
        return queue.fail(call, 'ANSWER_TOO_LARGE', tooLargeText(call.request));
      case 'overloaded':
        return queue.fail(call, 'OVERLOADED', OVERLOADED_INFO);
    }
  }

  timedOut(call: Http1Call): void {
    this.#abandon(call);
    this.#queue.timedOut(call);
  }

  cancelled(call: Http1Call): void {
    this.#queue.settle(call);
    this.#abandon(call);
  }

  #place(call: Http1Call): void {
    const connection = this.#idle.pop();
    if (connection !== undefined) carry(connection, call);
    else if (this.#connections < this.#maxConnections) this.#open(call);
    else this.#queue.wait(call, `${this.#connections} connections busy`);
  }

  #open(call: Http1Call): void {
    this.#connections++;
    const { deadlines } = this.#queue;
    carry(new Http1Connection(this.#address, this, this.#writer, deadlines), call);
  }

  #free(connection: Http1Connection): void {
    const next = this.#queue.next();
    if (next !== undefined) carry(connection, next);
    else if (this.#closed) this.#drop(connection);
    else {
      this.#idle.push(connection);
      connection.rest();
    }
  }

  /** Closes a connection that is in no list, and lets a waiting call have its place. */
  #retire(connection: Carrier): void {
    this.#drop(connection);
    this.#startWaiting();
  }

  #drop(connection: Carrier): void {
    this.#connections--;
    connection.destroy();
  }

  #startWaiting(): void {
    if (this.#connections >= this.#maxConnections) return;
    const next = this.#queue.next();
    if (next !== undefined) this.#open(next);
  }

  #abandon(call: Http1Call): void {
    const { carrier } = call;
    call.carrier = undefined;
    if (carrier === undefined) this.#queue.leave(call);
    else this.#retire(carrier);
  }
}

function carry(connection: Http1Connection, call: Http1Call): void {
  call.carrier = connection;
  connection.carry(call);
}

function mayReplace(connection: Http1Connection, call: Http1Call, sent: boolean): boolean {
  return connection.used && !call.replaced && (call.request.replaceable || !sent);
}

function wordsOf(error: unknown, otherwise: string): string {
  return error === undefined ? otherwise : errnoWords(error);
}
