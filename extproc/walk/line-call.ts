// The one call of a line that may be in flight: what is sent to the unit, who watches it, and the end of it.
import type { CallTrace } from '../contract/call-observer.ts';
import type { CallHandle, CallResult } from '../contract/calls.ts';
import type { Message } from '../contract/message.ts';
import type { LineOwner } from './context.ts';
import { http1Block } from './merge.ts';
import type { PreparedCall } from './ops.ts';
import { observedStatus } from './outcome.ts';

/** Whose call it is. */
export interface LineOfCall {
  /** The call has ended; the next one may start at once. */
  take(call: PreparedCall, result: CallResult): void;
  /** What `take`, or whoever watches, threw. Must not throw itself. */
  caught(error: unknown): void;
}

export class LineCall {
  readonly #walk: LineOwner;
  readonly #owner: LineOfCall;
  readonly #done = (result: CallResult): void => this.#end(result);
  #calling: PreparedCall | undefined;
  /** What watches the call; undefined when nobody does. */
  #trace: CallTrace | undefined;
  #handle: CallHandle | undefined;
  #turn = 0;

  constructor(walk: LineOwner, owner: LineOfCall) {
    this.#walk = walk;
    this.#owner = owner;
  }

  /** `message` says what the body is. */
  start(call: PreparedCall, body: Buffer | readonly Buffer[], message: Message): void {
    const walk = this.#walk;
    const { exchange, observer } = walk;
    const { client } = call;
    walk.listen();
    // Whoever watches may have a say in the headers, so it comes first.
    const trace = observer?.begin(call, exchange, message, body);
    const { headers } = exchange;
    this.#calling = call;
    this.#trace = trace;
    const turn = ++this.#turn;
    const handle = client.call(
      {
        path: walk.pathOf(call),
        headers:
          client.headerForm === 'http1' ? http1Block(headers, call, message) : headers.hpackBlock(),
        extra: trace?.headers,
        contentType: message.contentType,
        contentEncoding: message.contentEncoding,
        body,
        timeoutMs: call.timeoutMs,
        maxAnswerBytes: call.maxAnswerBytes,
        memory: exchange,
        replaceable: call.replaceable,
      },
      this.#done,
    );
    // A client may answer at once, and this line be at its next call by now.
    if (turn === this.#turn && this.#calling !== undefined) this.#handle = handle;
  }

  cancel(): void {
    this.#handle?.cancel();
    const trace = this.#trace;
    this.#trace = undefined;
    trace?.cancelled();
  }

  #end(result: CallResult): void {
    const call = this.#calling;
    if (call === undefined || this.#walk.over) return;
    this.#calling = undefined;
    this.#handle = undefined;
    const trace = this.#trace;
    this.#trace = undefined;
    try {
      if (trace !== undefined) trace.end(observedStatus(result, call.transport), result);
      this.#owner.take(call, result);
    } catch (error) {
      this.#owner.caught(error);
    }
  }
}
