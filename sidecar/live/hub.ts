// Who looks, and what they are told: while there are watchers the counters are read once a second and Envoy writes a line for each
// request; when the last one has gone both end, and nothing is done until the next one comes.
import type { WalkRecord } from '../../extproc/live/walk-log.ts';
import type { DeploymentPlan } from '../../graph/plan/plan.ts';
import { requestSocket } from '../../lib/runtime/ask-socket.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { LIVE_LOG_KEY } from '../../envoy/kit/names.ts';
import type { Busy } from './in-flight.ts';
import { type Reading, readCounters } from './reading.ts';
import { type LiveRequest, parseLine, Ring, WaitingWalks } from './requests.ts';
import { liveState, type LiveState } from './state.ts';
import { Tail } from './tail.ts';

/** How often watchers are told, ms. */
export const LIVE_TICK_MS = 1000;
/** Rates are of the last so many seconds, or of as many as there are. */
const WINDOW_TICKS = 5;
/** Requests that are kept for who comes later. */
export const KEPT_REQUESTS = 200;
/** Walks whose request has not been read of yet. */
const MAX_WAITING_WALKS = 1000;
/** Requests of one state; the newest where there were more. */
export const MAX_TOLD_REQUESTS = 200;

export interface LiveParts {
  readonly plan: () => DeploymentPlan | null;
  /** The text of the metrics page. */
  readonly metrics: () => Promise<string>;
  /** Requests at all listeners, and calls to units by `predictor/unit`. */
  readonly inFlight: () => Promise<Busy>;
  /** What comes of it is given to `takeWalks`. */
  readonly askWalks: () => void;
  readonly adminSocket: string;
  readonly logPath: string;
  readonly warn: (text: string) => void;
  readonly tickMs?: number;
}

type Watcher = (state: LiveState) => void;

export class LiveHub {
  readonly #parts: LiveParts;
  readonly #watchers = new Map<Watcher, { isNew: boolean }>();
  readonly #ring = new Ring<LiveRequest>(KEPT_REQUESTS);
  readonly #tail: Tail;
  readonly #walks = new WaitingWalks(MAX_WAITING_WALKS);
  #readings: Reading[] = [];
  #timer: NodeJS.Timeout | null = null;
  #nextId = 1;
  #isBusy = false;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#tail = new Tail(parts.logPath);
  }

  /** Calls back with states until the function that it returns is called; the first one comes after a tick or two. */
  watch(watcher: Watcher): () => void {
    this.#watchers.set(watcher, { isNew: true });
    if (this.#timer === null) this.#begin();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#end();
    };
  }

  takeWalks(walks: readonly WalkRecord[]): void {
    if (this.#timer !== null) this.#walks.add(walks);
  }

  close(): void {
    this.#watchers.clear();
    this.#end();
    this.#tail.close();
  }

  #begin(): void {
    this.#tail.clear();
    this.#setLog(100);
    const tick = (): void => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#tick()
        .catch((thrown: unknown) => this.#parts.warn(`the live page: ${describeThrown(thrown)}`))
        .finally(() => {
          this.#isBusy = false;
        });
    };
    this.#timer = setInterval(tick, this.#parts.tickMs ?? LIVE_TICK_MS);
    tick();
  }

  #end(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#readings = [];
    this.#ring.clear();
    this.#walks.clear();
    this.#setLog(0);
  }

  /** Which share of the requests has a line, percent. */
  #setLog(percent: number): void {
    requestSocket(this.#parts.adminSocket, `/runtime_modify?${LIVE_LOG_KEY}=${percent}`, {
      method: 'POST',
    }).catch((thrown: unknown) => {
      // At the end of a run Envoy may be gone first.
      if (percent > 0)
        this.#parts.warn(`Envoy does not tell of requests: ${describeThrown(thrown)}`);
    });
  }

  async #tick(): Promise<void> {
    const plan = this.#parts.plan();
    if (plan === null) return;
    // Before the walks are asked for: the filter has noted a walk before Envoy writes the line of its request.
    const lines = this.#tail.look();
    this.#parts.askWalks();
    const [text, busy] = await Promise.all([
      this.#parts.metrics(),
      this.#parts.inFlight().catch(() => null),
    ]);
    // Nobody looks any more.
    if (this.#timer === null) return;
    this.#readings.push({
      atMs: performance.now(),
      wallMs: Date.now(),
      inFlight: busy?.requests ?? null,
      active: busy?.calls ?? new Map(),
      ...readCounters(text),
    });
    if (this.#readings.length > WINDOW_TICKS + 1) this.#readings.shift();
    const fresh = lines
      .slice(-MAX_TOLD_REQUESTS)
      .flatMap((line) => parseLine(line, this.#nextId++) ?? [])
      .map((request) => this.#walks.join(request));
    this.#ring.push(fresh);
    const [before] = this.#readings;
    const now = this.#readings.at(-1);
    if (before === undefined || now === undefined || before === now) return;
    const state = liveState(plan, before, now);
    for (const [watcher, of] of this.#watchers) {
      watcher({ ...state, requests: of.isNew ? this.#ring.list() : fresh });
      of.isNew = false;
    }
  }
}
