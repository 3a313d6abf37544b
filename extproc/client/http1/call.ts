// One call over HTTP/1.1, from the moment it is asked for to its one result.
import type { CallRequest, CallResult } from '../../contract/calls.ts';
import type { QueuedCall } from '../calls-queue.ts';
import type { Deadline } from '../deadlines.ts';

/** What a call asks of the client that made it. */
export interface CallOwner {
  /** The call's time is over; its result is due. */
  timedOut(call: Http1Call): void;
  cancelled(call: Http1Call): void;
}

/** What a call keeps of the connection that carries it: how to break it off. */
export interface Carrier {
  destroy(): void;
}

export class Http1Call implements QueuedCall {
  readonly request: CallRequest;
  readonly done: (result: CallResult) => void;
  /** Undefined while it waits for a connection and when it is over. */
  carrier: Carrier | undefined;
  deadline: Deadline | undefined;
  /** Whether it was already moved to a fresh connection. */
  replaced = false;
  over = false;
  readonly #owner: CallOwner;

  constructor(owner: CallOwner, request: CallRequest, done: (result: CallResult) => void) {
    this.#owner = owner;
    this.request = request;
    this.done = done;
  }

  cancel(): void {
    if (!this.over) this.#owner.cancelled(this);
  }

  expire(): void {
    if (!this.over) this.#owner.timedOut(this);
  }
}
