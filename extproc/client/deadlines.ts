// Many deadlines on one timer: a wheel of slots, each a list of the deadlines that fall into it. Setting and dropping
// one costs a few pointer writes, where a timer of the runtime costs an object and a list of its own. A deadline is
// never early and at most a tick (8 ms) plus the event loop's own delay late. The wheel turns only while it holds
// something, and never keeps the process alive.

export const TICK_MS = 8;
const SLOTS = 512;

/** What happens at a deadline. */
export interface Expiring {
  expire(): void;
}

export interface Deadline {
  readonly owner: Expiring;
  /** The first tick at which it is due. */
  dueTick: number;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  set: boolean;
}

export class Deadlines {
  readonly #slots: (Deadline | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #count = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** A deadline that is not set yet. */
  make(owner: Expiring): Deadline {
    return { owner, dueTick: 0, previous: undefined, next: undefined, set: false };
  }

  /** Sets a deadline `afterMs` from now, in place of the one it had. */
  set(deadline: Deadline, afterMs: number): void {
    if (deadline.set) this.drop(deadline);
    const now = this.#clock();
    if (this.#count === 0) this.#start(now);
    deadline.dueTick = Math.max(Math.ceil((now + afterMs) / TICK_MS), this.#tick + 1);
    const slot = deadline.dueTick % SLOTS;
    const first = this.#slots[slot];
    deadline.next = first;
    deadline.previous = undefined;
    if (first !== undefined) first.previous = deadline;
    this.#slots[slot] = deadline;
    deadline.set = true;
    this.#count++;
  }

  /** Takes a deadline back; harmless when it is not set. */
  drop(deadline: Deadline): void {
    if (!deadline.set) return;
    const { previous, next } = deadline;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#slots[deadline.dueTick % SLOTS] = next;
    deadline.previous = undefined;
    deadline.next = undefined;
    deadline.set = false;
    this.#count--;
  }

  #start(now: number): void {
    this.#tick = Math.floor(now / TICK_MS);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.turn(), TICK_MS);
    this.#timer.unref();
  }

  /** One tick of the wheel: what the timer calls, and a test with a clock of its own. */
  turn(): void {
    if (this.#count === 0) {
      if (this.#timer !== undefined) clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = Math.floor(this.#clock() / TICK_MS);
    // After a long pause of the process one revolution meets every slot.
    const from = Math.max(this.#tick + 1, now - SLOTS + 1);
    this.#tick = now;
    const due: Deadline[] = [];
    for (let tick = from; tick <= now; tick++) this.#collect(tick % SLOTS, now, due);
    for (const deadline of due) {
      // An earlier one may have dropped or moved it.
      if (!deadline.set || deadline.dueTick > now) continue;
      this.drop(deadline);
      deadline.owner.expire();
    }
  }

  #collect(slot: number, now: number, due: Deadline[]): void {
    let deadline = this.#slots[slot];
    while (deadline !== undefined) {
      if (deadline.dueTick <= now) due.push(deadline);
      deadline = deadline.next;
    }
  }
}

/** The wheel that all clients of a process share. */
export const sharedDeadlines = new Deadlines();
