// One call over HTTP/1.1, from the moment it is asked for to its one result.
import type { CallHandle, CallRequest, CallResult } from '../../contract/calls.ts';
import type { Deadline } from '../deadlines.ts';
import type { Http1Connection } from './connection.ts';

/** What a call asks of the client that made it. */
export interface CallOwner {
  /** The call's time is over; its result is due. */
  timedOut(call: Http1Call): void;
  cancelled(call: Http1Call): void;
}

export class Http1Call implements CallHandle {
  readonly request: CallRequest;
  readonly done: (result: CallResult) => void;
  /** The connection that carries it, null while it waits for one and when it is over. */
  connection: Http1Connection | null = null;
  deadline: Deadline | null = null;
  /** Whether it was already moved to a fresh connection. */
  replaced = false;
  over = false;
  private readonly owner: CallOwner;

  constructor(owner: CallOwner, request: CallRequest, done: (result: CallResult) => void) {
    this.owner = owner;
    this.request = request;
    this.done = done;
  }

  cancel(): void {
    if (!this.over) this.owner.cancelled(this);
  }

  expire(): void {
    if (!this.over) this.owner.timedOut(this);
  }
}
