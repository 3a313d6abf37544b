// The calls of the last requests, for whoever looks at the live page: written down for as long as somebody asks again and again, and
// handed over when they do. While nobody asks, a request costs the look at one flag. Whoever asks says whether payloads are wanted too.
import { MAX_WALK_CALLS, MAX_WALKS } from './limits.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { CallObserver } from '../contract/call-observer.ts';
import { Copies, CopyRoom } from './copied-body.ts';
import type { WalkRecord } from './walk-record.ts';
import { WatchedWalk } from './watched-walk.ts';

/** How long an ask keeps the log on, ms. */
export const WALK_LEASE_MS = 3000;
/** A client chooses it; a walk with a longer one is not kept, since nobody can look for it. */
const MAX_PUID_LENGTH = 256;

interface Noted {
  readonly walk: WalkRecord;
  readonly copies: Copies | undefined;
}

export class WalkLog {
  #isOn = false;
  #copies = false;
  #timer: NodeJS.Timeout | undefined;
  #walks: Noted[] = [];
  /** Of the walks that are kept. */
  #calls = 0;
  readonly #room = new CopyRoom();

  /** Bytes of payloads that are held. */
  get heldBytes(): number {
    return this.#room.bytes;
  }

  /** Watches the requests of one plan. */
  prepare({ predictor }: Plan): CallObserver {
    const note = (walk: WalkRecord, copies: Copies | undefined): void =>
      this.#note({ walk, copies });
    return {
      forRequest: (exchange) => {
        if (!this.#isOn) return undefined;
        const copies = this.#copies ? new Copies(this.#room) : undefined;
        return new WatchedWalk({ predictor, copies, note }, exchange);
      },
      begin: () => undefined,
    };
  }

  /** The walks since the last ask; from now on they are written down for a while, with their payloads where these are wanted. */
  take(wantsPayloads = false): readonly WalkRecord[] {
    const walks = this.#walks;
    this.#walks = [];
    this.#calls = 0;
    this.#isOn = true;
    this.#copies = wantsPayloads;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOn = false;
      this.#copies = false;
      this.#calls = 0;
      for (const noted of this.#walks.splice(0)) noted.copies?.release();
    }, WALK_LEASE_MS);
    this.#timer.unref();
    for (const { copies } of walks) copies?.release();
    return walks.map(({ walk }) => walk);
  }

  #note(noted: Noted): void {
    if (!this.#isOn || noted.walk.puid.length > MAX_PUID_LENGTH) {
      noted.copies?.release();
      return;
    }
    this.#walks.push(noted);
    this.#calls += noted.walk.calls.length;
    while (this.#walks.length > MAX_WALKS || this.#calls > MAX_WALK_CALLS) {
      const oldest = this.#walks.shift();
      this.#calls -= oldest?.walk.calls.length ?? 0;
      oldest?.copies?.release();
    }
  }
}
