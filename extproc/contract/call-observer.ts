// The seam for whoever watches side calls: metrics, traces, payload logs. An observer is made for each plan, is asked at the
// beginning of each call, and may give the call headers of its own. Who has no interest in a call answers undefined, which
// costs the call nothing; without an observer nothing is asked.
import type { CallVerb, Transport } from '../../graph/plan/plan.ts';
import type { CallResult, UnitClient } from './calls.ts';
import type { Exchange, Outcome } from './exchange.ts';
import type { Message } from './message.ts';

/** What is known of a call when the plan is compiled. */
export interface ObservedCall {
  /** Position in the plan's units. */
  readonly unit: number;
  readonly unitName: string;
  readonly verb: CallVerb;
  readonly transport: Transport;
  readonly path: string;
  /** Its `headerForm` is that of `CallTrace.headers`. */
  readonly client: UnitClient;
}

export interface CallObserver {
  /** Who watches one request in this one's place, asked once before its first call or its reply; undefined: nobody does. */
  forRequest?(exchange: Exchange): CallObserver | undefined;
  /**
   * Before a call is made; undefined: it is not watched. The call sends `body`, in several pieces where a combiner is asked, with the
   * content type and encoding of `message`.
   */
  begin(
    call: ObservedCall,
    exchange: Exchange,
    message: Message,
    body: Buffer | readonly Buffer[],
  ): CallTrace | undefined;
  /** A router chose among its children: a position, −1 for all, −2 for none. After the `end` of the call that asked it. */
  chose?(unit: number, choice: number, exchange: Exchange): void;
  /** The walk is over, with what the transport is about to write. Not called where the client has gone away. */
  replied?(exchange: Exchange, outcome: Outcome): void;
}

/** One call that is watched: exactly one of `end` and `cancelled` is called. */
export interface CallTrace {
  /** Header lines (`name: value\r\n`) or HPACK literals that this call sends besides the request's; undefined for none. */
  readonly headers: Buffer | undefined;
  /** `status` as HTTP (REST) or gRPC says it, of a failure the one that the client is told. */
  end(status: number, result: CallResult): void;
  /** The client has gone away, or another branch of the walk has failed. */
  cancelled(): void;
}

/** One observer of several; undefined where there is none. */
export function combineObservers(observers: readonly CallObserver[]): CallObserver | undefined {
  return observers.length < 2 ? observers[0] : new ObserverList(observers);
}

class ObserverList implements CallObserver {
  readonly #observers: readonly CallObserver[];

  constructor(observers: readonly CallObserver[]) {
    this.#observers = observers;
  }

  begin(
    call: ObservedCall,
    exchange: Exchange,
    message: Message,
    body: Buffer | readonly Buffer[],
  ): CallTrace | undefined {
    let one: CallTrace | undefined;
    let list: CallTrace[] | undefined;
    for (const observer of this.#observers) {
      const trace = observer.begin(call, exchange, message, body);
      if (trace === undefined) continue;
      if (one === undefined) one = trace;
      else if (list === undefined) list = [one, trace];
      else list.push(trace);
    }
    return list === undefined ? one : new TraceList(list);
  }

  /** For most requests one of several watches, and no list is made. */
  forRequest(exchange: Exchange): CallObserver | undefined {
    let one: CallObserver | undefined;
    let list: CallObserver[] | undefined;
    for (const observer of this.#observers) {
      const own = observer.forRequest === undefined ? observer : observer.forRequest(exchange);
      if (own === undefined) continue;
      if (one === undefined) one = own;
      else if (list === undefined) list = [one, own];
      else list.push(own);
    }
    return list === undefined ? one : new ObserverList(list);
  }

  chose(unit: number, choice: number, exchange: Exchange): void {
    for (const observer of this.#observers) observer.chose?.(unit, choice, exchange);
  }

  replied(exchange: Exchange, outcome: Outcome): void {
    for (const observer of this.#observers) observer.replied?.(exchange, outcome);
  }
}

class TraceList implements CallTrace {
  readonly #traces: readonly CallTrace[];
  readonly headers: Buffer | undefined;

  constructor(traces: readonly CallTrace[]) {
    this.#traces = traces;
    const blocks = traces.flatMap(({ headers }) => (headers === undefined ? [] : [headers]));
    this.headers = blocks.length < 2 ? blocks[0] : Buffer.concat(blocks);
  }

  end(status: number, result: CallResult): void {
    for (const trace of this.#traces) trace.end(status, result);
  }

  cancelled(): void {
    for (const trace of this.#traces) trace.cancelled();
  }
}
