// Watches one request for the live page: notes its calls, and copies their bodies where payloads are captured.
import { PUID_HEADER, verbOfTail } from '../../graph/plan/names.ts';
import type { CallObserver, CallTrace, ObservedCall } from '../contract/call-observer.ts';
import type { CallResult } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';
import type { Copies } from './copied-body.ts';
import type { CallPayloads, WalkCall, WalkPayloads, WalkRecord } from './walk-record.ts';

/** Calls of one walk that are kept: the first. */
const MAX_CALLS = 100;

export interface WatchParts {
  readonly predictor: string;
  /** Undefined where payloads are not captured. */
  readonly copies: Copies | undefined;
  /** Takes the walk when it is over; whoever takes it releases the copies. */
  readonly note: (walk: WalkRecord, copies: Copies | undefined) => void;
}

export class WatchedWalk implements CallObserver {
  readonly #parts: WatchParts;
  readonly #puid: string;
  readonly #beganAt = performance.now();
  readonly #calls: WalkCall[] = [];
  readonly #payloads: CallPayloads[] = [];

  constructor(parts: WatchParts, exchange: Exchange) {
    this.#parts = parts;
    this.#puid = exchange.headers.find(PUID_HEADER) ?? '';
    const { copies } = parts;
    // Of a request whose client has gone away nothing is told.
    if (copies !== undefined) exchange.onCancel(() => copies.release());
  }

  begin(
    { unitName, verb }: ObservedCall,
    _exchange: Exchange,
    message: Message,
    body: Buffer | readonly Buffer[],
  ): CallTrace | undefined {
    if (this.#calls.length >= MAX_CALLS) return undefined;
    const beganAt = performance.now();
    const call: WalkCall = {
      unit: unitName,
      verb,
      atMs: beganAt - this.#beganAt,
      ms: null,
      status: null,
      bytesOut: sizeOf(body),
      bytesIn: 0,
    };
    this.#calls.push(call);
    const { copies } = this.#parts;
    const payloads: CallPayloads | undefined =
      copies === undefined ? undefined : { sent: copies.copy(message, body), received: null };
    if (payloads !== undefined) this.#payloads.push(payloads);
    return {
      headers: undefined,
      end: (status: number, result: CallResult) => {
        call.ms = performance.now() - beganAt;
        call.status = status;
        if (result.kind !== 'response') return;
        call.bytesIn = result.body.length;
        if (copies === undefined || payloads === undefined) return;
        const head = {
          contentType: result.head.find('content-type'),
          contentEncoding: result.head.find('content-encoding'),
        };
        payloads.received = copies.copy(head, result.body);
      },
      cancelled: () => {},
    };
  }

  replied(exchange: Exchange, outcome: Outcome): void {
    const { predictor, copies, note } = this.#parts;
    const message = outcome.kind === 'tail' ? outcome.message : undefined;
    const walk: WalkRecord = {
      predictor,
      puid: this.#puid,
      calls: this.#calls,
      tail:
        outcome.kind === 'tail'
          ? { verb: verbOfTail(outcome.key), bytesOut: outcome.message.body.length }
          : null,
    };
    if (copies === undefined) note(walk, undefined);
    else note({ ...walk, payloads: this.#payloadsOf(exchange, message, copies) }, copies);
  }

  #payloadsOf(
    { headers, message }: Exchange,
    tail: Message | undefined,
    copies: Copies,
  ): WalkPayloads {
    return {
      asked: {
        path: headers.find(':path') ?? '',
        contentType: headers.find('content-type') ?? null,
        contentEncoding: headers.find('content-encoding') ?? null,
        layout: message.layout ?? null,
      },
      calls: this.#payloads,
      tail: tail === undefined ? null : copies.copy(tail, tail.body),
    };
  }
}

function sizeOf(body: Buffer | readonly Buffer[]): number {
  return Buffer.isBuffer(body)
    ? body.length
    : body.reduce((total, piece) => total + piece.length, 0);
}
