// The calls of the last requests, for whoever looks at the live page: written down for as long as somebody asks again and again, and
// handed over when they do. While nobody asks, a request costs the look at one flag.
import { PUID_HEADER, verbOfTail } from '../../graph/plan/names.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { CallObserver, CallTrace, ObservedCall } from '../contract/call-observer.ts';
import type { CallResult } from '../contract/calls.ts';
import type { Exchange, Outcome } from '../contract/exchange.ts';
import type { Message } from '../contract/message.ts';

export interface WalkCall {
  readonly unit: string;
  readonly verb: string;
  /** After the first thing that the walk did. */
  readonly atMs: number;
  /** Null where the call was given up. */
  ms: number | null;
  /** As HTTP or gRPC says it. */
  status: number | null;
  readonly bytesOut: number;
  bytesIn: number;
}

/** The call that a walk left to Envoy. */
export interface WalkTail {
  readonly verb: string;
  readonly bytesOut: number;
}

export interface WalkRecord {
  readonly predictor: string;
  /** The request's `Seldon-Puid`. */
  readonly puid: string;
  /** In the order in which they began. */
  readonly calls: readonly WalkCall[];
  /** Null where the filter responded itself. */
  readonly tail: WalkTail | null;
}

/** How long an ask keeps the log on, ms. */
export const WALK_LEASE_MS = 3000;
/** Walks that are kept until the next ask: the newest. */
export const MAX_WALKS = 500;
/** A client chooses it; a walk with a longer one is not kept, since nobody can look for it. */
const MAX_PUID_LENGTH = 256;
/** Calls of one walk that are kept: the first. */
const MAX_CALLS = 100;

export class WalkLog {
  #isOn = false;
  #timer: NodeJS.Timeout | null = null;
  #walks: WalkRecord[] = [];

  /** Watches the requests of one plan. */
  prepare({ predictor }: Plan): CallObserver {
    return {
      forRequest: (exchange) =>
        this.#isOn ? new WatchedWalk(predictor, exchange, (walk) => this.#note(walk)) : null,
      begin: () => null,
    };
  }

  /** The walks since the last ask; from now on they are written down for a while. */
  take(): readonly WalkRecord[] {
    const walks = this.#walks;
    this.#walks = [];
    this.#isOn = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOn = false;
      this.#walks = [];
    }, WALK_LEASE_MS);
    this.#timer.unref();
    return walks;
  }

  #note(walk: WalkRecord): void {
    if (!this.#isOn || walk.puid.length > MAX_PUID_LENGTH) return;
    if (this.#walks.length >= MAX_WALKS) this.#walks.shift();
    this.#walks.push(walk);
  }
}

class WatchedWalk implements CallObserver {
  readonly #predictor: string;
  readonly #puid: string;
  readonly #note: (walk: WalkRecord) => void;
  readonly #beganAt = performance.now();
  readonly #calls: WalkCall[] = [];

  constructor(predictor: string, exchange: Exchange, note: (walk: WalkRecord) => void) {
    this.#predictor = predictor;
    this.#puid = exchange.headers.find(PUID_HEADER) ?? '';
    this.#note = note;
  }

  begin(
    { unitName, verb }: ObservedCall,
    _exchange: Exchange,
    _message: Message,
    body: Buffer | readonly Buffer[],
  ): CallTrace | null {
    if (this.#calls.length >= MAX_CALLS) return null;
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
    return {
      headers: null,
      end: (status: number, result: CallResult) => {
        call.ms = performance.now() - beganAt;
        call.status = status;
        if (result.kind === 'response') call.bytesIn = result.body.length;
      },
      cancelled: () => {},
    };
  }

  replied(_exchange: Exchange, outcome: Outcome): void {
    this.#note({
      predictor: this.#predictor,
      puid: this.#puid,
      calls: this.#calls,
      tail:
        outcome.kind === 'tail'
          ? { verb: verbOfTail(outcome.key), bytesOut: outcome.message.body.length }
          : null,
    });
  }
}

function sizeOf(body: Buffer | readonly Buffer[]): number {
  return Buffer.isBuffer(body)
    ? body.length
    : body.reduce((total, piece) => total + piece.length, 0);
}
