// What the clients of both protocols do alike with a call: bound its time, let it wait for a connection in a queue of limited
// length, and end it once. How a call is carried, and what its loss means, is each client's own.
import type { CallHandle, CallRequest, CallResult, CallMethod } from '../contract/calls.ts';
import { failure, type CallFailureCode } from '../contract/failure.ts';
import { type Deadline, type Deadlines, type Expiring, sharedDeadlines } from './deadlines.ts';
import { MAX_WAITING_CALLS } from './limits.ts';

/** A call from the moment it is asked for to its one result. */
export interface QueuedCall extends CallHandle, Expiring {
  readonly request: CallRequest;
  readonly done: (result: CallResult) => void;
  /** Undefined where its time has no bound of its own. */
  deadline: Deadline | undefined;
  over: boolean;
}

export interface CallsQueueOptions {
  /** The address in the text of failures. */
  readonly host: string;
  /** Of all calls: POST unless said otherwise. */
  readonly method?: CallMethod;
  readonly maxWaitingCalls?: number;
  readonly deadlines?: Deadlines;
}

export class CallsQueue<C extends QueuedCall> {
  readonly deadlines: Deadlines;
  readonly #host: string;
  readonly #method: CallMethod | undefined;
  readonly #maxWaiting: number;
  #waiting: C[] = [];

  constructor(options: CallsQueueOptions) {
    this.deadlines = options.deadlines ?? sharedDeadlines;
    this.#host = options.host;
    this.#method = options.method;
    this.#maxWaiting = options.maxWaitingCalls ?? MAX_WAITING_CALLS;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** The call's time runs from here. */
  begin(call: C): void {
    const { timeoutMs } = call.request;
    if (timeoutMs === undefined) return;
    call.deadline = this.deadlines.make(call);
    this.deadlines.set(call.deadline, timeoutMs);
  }

  /** Lets a call wait for its turn; fails it where too many do. `busy` says what all others have. */
  wait(call: C, busy: string): void {
    if (this.#waiting.length < this.#maxWaiting) {
      this.#waiting.push(call);
      return;
    }
    const text = `${busy}, ${this.#waiting.length} calls waiting`;
    // Not before the caller has its handle.
    queueMicrotask(() => {
      if (!call.over) this.fail(call, 'UNIT_UNREACHABLE', text);
    });
  }

  /** The call that has waited longest, which is then out of the queue. */
  next(): C | undefined {
    return this.#waiting.shift();
  }

  /** All that wait, which are then out of the queue. */
  takeAll(): readonly C[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  leave(call: C): void {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Ends a call without a result. */
  settle(call: C): void {
    call.over = true;
    if (call.deadline !== undefined) this.deadlines.drop(call.deadline);
  }

  finish(call: C, result: CallResult): void {
    this.settle(call);
    call.done(result);
  }

  fail(call: C, code: CallFailureCode, text: string): void {
    this.finish(call, failure(code, this.#host, call.request.path, text, this.#method));
  }

  timedOut(call: C): void {
    this.fail(call, 'UNIT_TIMEOUT', `no response within ${call.request.timeoutMs} ms`);
  }
}
