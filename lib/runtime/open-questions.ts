// Questions to another process that wait for its answers. In: ids, which go there and come back with the answers; out: of each question
// one answer, the other process's own or, when its time is over or the process has gone, the one that stands for none.
export class OpenQuestions<A> {
  readonly #limitMs: number;
  readonly #none: A;
  readonly #open = new Map<number, Waiting<A>>();
  #nextId = 1;

  /** `none`: the answer to a question that gets none within the limit. */
  constructor(limitMs: number, none: A) {
    this.#limitMs = limitMs;
    this.#none = none;
  }

  /** The id of a further question; `done` is called once, later, unless it is dropped. */
  add(done: (answer: A) => void): number {
    const id = this.#nextId++;
    const timer = setTimeout(() => this.answer(id, this.#none), this.#limitMs);
    this.#open.set(id, { timer, done });
    return id;
  }

  /** False where nobody waits for it any more. */
  answer(id: number, answer: A): boolean {
    const waiting = this.#take(id);
    waiting?.done(answer);
    return waiting !== undefined;
  }

  /** Nobody waits for that one any more. */
  drop(id: number): void {
    this.#take(id);
  }

  /** Answers all of them. */
  end(answer: A): void {
    for (const id of this.#open.keys()) this.answer(id, answer);
  }

  #take(id: number): Waiting<A> | undefined {
    const waiting = this.#open.get(id);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.#open.delete(id);
    return waiting;
  }
}

interface Waiting<A> {
  readonly timer: NodeJS.Timeout;
  readonly done: (answer: A) => void;
}
