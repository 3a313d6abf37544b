// One piece of work at a time, and of what comes meanwhile only the newest: for what replaces its forerunner, as the text of a
// file does.

export class LatestOnly<T> {
  readonly #work: (item: T) => Promise<void>;
  readonly #signal: AbortSignal;
  #next: { readonly item: T } | undefined;
  #isBusy = false;

  /** `work` must not throw; nothing is begun any more when `signal` has fired. */
  constructor(work: (item: T) => Promise<void>, signal: AbortSignal) {
    this.#work = work;
    this.#signal = signal;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether something newer waits for what is being worked on. */
  get hasNewer(): boolean {
    return this.#next !== undefined;
  }

  offer(item: T): void {
    this.#next = { item };
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== undefined && !this.#signal.aborted) {
      const { item } = this.#next;
      this.#next = undefined;
      await this.#work(item);
    }
    this.#isBusy = false;
  }
}
