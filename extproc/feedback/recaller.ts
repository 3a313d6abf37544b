// Recalls a request: from the memory of this process, and where that does not know it, from those of the other processes of the
// filter. They are asked over the supervisor, one question for each feedback that this process cannot place by itself; requests
// cost nothing of it.
import type { CallHandle } from '../contract/calls.ts';
import type { BranchMemory, Recalled } from './branch-memory.ts';
import { RECALL_LIMIT_MS } from './limits.ts';

export type RecallOutcome = Recalled | { readonly kind: 'unavailable' };

/** The way to the other processes. */
export interface Siblings {
  /** Asks all of them; `answered` is called with that id. */
  ask(id: number, puid: string): void;
  /** Whoever gave that request out is told that it may come again. */
  release(puid: string): void;
}

const UNAVAILABLE: RecallOutcome = { kind: 'unavailable' };

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly done: (outcome: RecallOutcome) => void;
}

export class Recaller {
  readonly #memory: BranchMemory;
  readonly #siblings: Siblings | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** `siblings`: undefined where this process is the only one. */
  constructor(memory: BranchMemory, siblings: Siblings | undefined) {
    this.#memory = memory;
    this.#siblings = siblings;
  }

  /** At once, or by `later`, which is called once unless the handle is cancelled. Who gets it found gives it out or releases it. */
  recall(puid: string, later: (outcome: RecallOutcome) => void): RecallOutcome | CallHandle {
    const own = this.#memory.recall(puid);
    const siblings = this.#siblings;
    if (own.kind !== 'unknown' || siblings === undefined) return own;
    const id = this.#nextId++;
    const timer = setTimeout(() => this.#take(id)?.done(UNAVAILABLE), RECALL_LIMIT_MS);
    this.#waiting.set(id, { timer, done: later });
    siblings.ask(id, puid);
    return { cancel: () => void this.#take(id) };
  }

  /** What the others say; what comes too late is given back to where it was found. */
  answered(id: number, outcome: RecallOutcome): void {
    const waiting = this.#take(id);
    if (waiting !== undefined) waiting.done(outcome);
    else if (outcome.kind === 'found') this.#siblings?.release(outcome.puid);
  }

  /** Its feedback was given to nobody after all, and may come again. */
  release(puid: string): void {
    if (!this.#memory.release(puid)) this.#siblings?.release(puid);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}
