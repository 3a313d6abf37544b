// One HTTP/1.1 connection: carries one call at a time, and tells its owner when it is free or gone. It has no opinion
// on what happens to a call whose connection died; that is the owner's.
import { connect, type Socket } from 'node:net';
import type { ConnectionAddress } from '../address.ts';
import { type Deadline, type Deadlines, sharedDeadlines } from '../deadlines.ts';
import { CALL_CONNECT_TIMEOUT_MS, MAX_TURN_BYTES, IDLE_MS } from '../limits.ts';
import { readBuffer } from '../read-buffer.ts';
import { ResponseParser, type ParseResult } from './response-parser.ts';
import type { Http1Call } from './call.ts';
import type { RequestWriter } from './request-writer.ts';

/** How a connection ended for the call that it carried. */
export type Loss =
  /** Never connected. */
  | { readonly kind: 'unconnected'; readonly error: unknown }
  /** Gone before the first byte of the response; `sent`: whether the peer may have seen any of the request. */
  | {
      readonly kind: 'unanswered';
      readonly text: string;
      readonly error: unknown;
      readonly sent: boolean;
    }
  /** Gone in the middle of the response, or no valid HTTP. */
  | { readonly kind: 'broken'; readonly text: string; readonly error: unknown }
  | { readonly kind: 'too-large' }
  /** There was no room for the response. */
  | { readonly kind: 'overloaded' };

export interface ConnectionOwner {
  /** The call has its response; the connection is free unless it is closing. */
  answered(connection: Http1Connection, call: Http1Call, reusable: boolean): void;
  /** The connection is gone; `call` is the one that it carried, undefined when it was idle. */
  lost(connection: Http1Connection, call: Http1Call | undefined, loss: Loss): void;
}

export class Http1Connection {
  /** Whether it has carried a call to its end before the present one. */
  used = false;
  readonly parser = new ResponseParser();
  readonly #owner: ConnectionOwner;
  readonly #writer: RequestWriter;
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  /** Ends the making of the connection, later its idleness. */
  readonly #deadline: Deadline;
  #call: Http1Call | undefined;
  #connected = false;
  #gone = false;
  #idleSince = 0;
  /** Whether the request could not be written: then the peer has seen no byte of it. */
  #unsent = true;
  #target: Buffer = readBuffer;

  constructor(
    address: ConnectionAddress,
    owner: ConnectionOwner,
    writer: RequestWriter,
    deadlines: Deadlines = sharedDeadlines,
  ) {
    this.#owner = owner;
    this.#writer = writer;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.make(this);
    const onread = {
      buffer: (): Uint8Array => this.#target,
      callback: (count: number): boolean => this.#read(count),
    };
    this.#socket =
      address.kind === 'tcp'
        ? connect({ host: address.host, port: address.port, noDelay: true, onread })
        : connect({ path: address.path, onread });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (error: Error) => this.#onGone(error));
    this.#socket.on('close', () => this.#onGone(undefined));
    deadlines.set(this.#deadline, CALL_CONNECT_TIMEOUT_MS);
  }

  /** Carries a call; the connection must be free. */
  carry(call: Http1Call): void {
    this.#call = call;
    this.parser.begin(call.request.maxAnswerBytes, call.request.memory);
    this.#unsent = true;
    if (this.#connected) this.#write(call);
  }

  /** Free from now on; closes itself when that lasts `IDLE_MS`. */
  rest(): void {
    this.#idleSince = performance.now();
    if (!this.#deadline.set) this.#deadlines.set(this.#deadline, IDLE_MS);
  }

  /** Closes without a word to the owner. */
  destroy(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#call = undefined;
    this.#deadlines.drop(this.#deadline);
    this.#socket.destroy();
  }

  /** Not connected in time, or perhaps idle for too long: most of the time it was busy since. */
  expire(): void {
    if (!this.#connected) {
      this.#lose({ kind: 'unconnected', error: { code: 'ETIMEDOUT' } });
      return;
    }
    if (this.#call !== undefined) return;
    const left = this.#idleSince + IDLE_MS - performance.now();
    if (left > 0) this.#deadlines.set(this.#deadline, left);
    else this.#lose({ kind: 'broken', text: 'idle', error: undefined });
  }

  #onConnect(): void {
    if (this.#gone) return;
    this.#connected = true;
    this.#deadlines.drop(this.#deadline);
    if (this.#call !== undefined) this.#write(this.#call);
  }

  /**
   * Hands the request to the socket in one write of the system. What it fails with at once, before it took a byte, is in
   * `errored` when it returns; an error that comes later may be that of a second half, whose first was read.
   */
  #write(call: Http1Call): void {
    this.#writer.write(this.#socket, call.request);
    this.#unsent = this.#socket.errored !== null;
  }

  #read(count: number): boolean {
    if (this.#gone) return true;
    if (this.#call === undefined) {
      this.#lose({ kind: 'broken', text: 'sent bytes without a request', error: undefined });
      return true;
    }
    const result =
      this.#target === readBuffer
        ? this.parser.push(readBuffer, 0, count)
        : this.parser.advance(count);
    this.#target = (result === 'more' ? this.parser.target() : undefined) ?? readBuffer;
    if (result !== 'more') {
      this.#settle(result, undefined);
      return true;
    }
    if (this.#target.length < MAX_TURN_BYTES) return true;
    // A large body takes its turns with everything else that the process does.
    setImmediate(this.#resume);
    return false;
  }

  readonly #resume = (): void => {
    if (!this.#gone) this.#socket.resume();
  };

  #onEnd(): void {
    if (this.#gone) return;
    if (this.#call === undefined) this.#lose({ kind: 'broken', text: 'closed', error: undefined });
    else this.#settle(this.parser.end(), undefined);
  }

  #onGone(error: Error | undefined): void {
    if (this.#gone) return;
    if (!this.#connected) this.#lose({ kind: 'unconnected', error });
    else if (this.#call === undefined) this.#lose({ kind: 'broken', text: 'closed', error });
    else if (error === undefined) this.#settle(this.parser.end(), undefined);
    else this.#settle('bad', error);
  }

  #settle(result: ParseResult, error: Error | undefined): void {
    const { parser } = this;
    const call = this.#call;
    if (call === undefined) return;
    if (result === 'done') {
      // A response that came before the request was out leaves the rest of the request on the way.
      const reusable = parser.reusable && this.#socket.writableLength === 0;
      this.#call = undefined;
      this.used = true;
      this.#owner.answered(this, call, reusable);
    } else if (result === 'too-large' || result === 'overloaded') {
      this.#lose({ kind: result });
    } else if (parser.started) {
      this.#lose({ kind: 'broken', text: parser.fault, error });
    } else {
      this.#lose({ kind: 'unanswered', text: parser.fault, error, sent: !this.#unsent });
    }
  }

  #lose(loss: Loss): void {
    const call = this.#call;
    this.destroy();
    this.#owner.lost(this, call, loss);
  }
}
