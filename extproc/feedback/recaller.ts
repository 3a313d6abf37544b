// Recalls a request: from the memory of this process, and where that does not know it, from those of the other processes of the
// filter. They are asked over the supervisor, one question for each feedback that this process cannot place by itself; requests
// cost nothing of it. What was recalled and given to nobody goes back the same way, and whoever was to give it waits until it is there.
import { OpenQuestions } from '../../lib/runtime/open-questions.ts';
import type { CallHandle } from '../contract/calls.ts';
import type { BranchMemory, Recalled } from './branch-memory.ts';
import { RECALL_LIMIT_MS, RELEASE_LIMIT_MS } from './limits.ts';

export type RecallOutcome = Recalled | { readonly kind: 'unavailable' };

/** The way to the other processes. */
export interface Siblings {
  /** Asks all of them; `answered` is called with that id. */
  ask(id: number, puid: string): void;
  /** Whoever gave that request out is told that it may come again; `released` is called with that id when it knows. */
  release(id: number, puid: string): void;
}

export class Recaller {
  readonly #memory: BranchMemory;
  readonly #siblings: Siblings | undefined;
  readonly #recalls = new OpenQuestions<RecallOutcome>(RECALL_LIMIT_MS, { kind: 'unavailable' });
  readonly #releases = new OpenQuestions<void>(RELEASE_LIMIT_MS, undefined);

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
    const id = this.#recalls.add(later);
    siblings.ask(id, puid);
    return { cancel: () => this.#recalls.drop(id) };
  }

  /** What the others say; what comes too late is given back to where it was found. */
  answered(id: number, outcome: RecallOutcome): void {
    const isAwaited = this.#recalls.answer(id, outcome);
    if (!isAwaited && outcome.kind === 'found') this.release(outcome.puid, () => {});
  }

  /**
   * Its feedback was given to nobody after all, and may come again: at once where the result is undefined, else when `later` is called,
   * unless the handle is cancelled. That is after RELEASE_LIMIT_MS at the latest, whatever the others do.
   */
  release(puid: string, later: () => void): CallHandle | undefined {
    const siblings = this.#siblings;
    if (this.#memory.release(puid) || siblings === undefined) return undefined;
    const id = this.#releases.add(later);
    siblings.release(id, puid);
    return { cancel: () => this.#releases.drop(id) };
  }

  /** Whoever gave it out knows, or has gone. */
  released(id: number): void {
    this.#releases.answer(id);
  }
}
