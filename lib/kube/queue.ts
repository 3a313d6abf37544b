// Which keys need work, and the workers that do it. A key waits at most once however often it is added, is never worked on
// twice at a time, and comes again when it was added meanwhile. What comes of the work is said by one of four outcomes; the
// work reads its state afresh each time, so a key is all that waits. Namespaces take turns: one with many keys, or slow ones, makes
// itself wait.
import type { Log } from '../runtime/log.ts';
import { exponentialMs } from './backoff.ts';
import { describeError } from './error.ts';
import { FairQueue } from './fair-queue.ts';
import type { QueueMetrics } from './metrics.ts';

const BACKOFF_LEAST_MS = 5;
const BACKOFF_MOST_MS = 16 * 60_000;
const RESULTS = ['success', 'requeue_after', 'error', 'requeue'];

export type WorkOutcome =
  | { readonly kind: 'done' }
  /** Not a failure: look again then. */
  | { readonly kind: 'retry-after'; readonly ms: number }
  /** Again with growing waits. A thrown error counts as this. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** Not again until the key is added from outside. */
  | { readonly kind: 'terminal'; readonly reason: string };

export const DONE: WorkOutcome = { kind: 'done' };

export interface QueueOptions {
  /** The controller's name in metrics and logs. */
  readonly name: string;
  readonly workers: number;
  readonly work: (key: string, signal: AbortSignal) => Promise<WorkOutcome>;
  readonly log: Log;
  readonly metrics?: QueueMetrics | undefined;
  readonly backoffMs?: { readonly least: number; readonly most: number };
  readonly random?: () => number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export class KeyedQueue {
  readonly #options: QueueOptions;
  readonly #now: () => number;
  /** With the time of arrival. */
  readonly #waiting = new Map<string, number>();
  /** The same keys, in the order of their turns. */
  readonly #turns = new FairQueue<string>();
  /** With the time at which the work began. */
  readonly #working = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { readonly dueAt: number; readonly timer: NodeJS.Timeout }>();
  readonly #failures = new Map<string, number>();
  #signal: AbortSignal | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#registerMetrics();
  }

  /** Keys that wait for a worker; neither those at work nor those put off. */
  get length(): number {
    return this.#waiting.size;
  }

  /** How often the key failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Now; a wait that the key is in ends. */
  add(key: string): void {
    this.#dropTimer(key);
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    if (this.#waiting.has(key)) return;
    this.#options.metrics?.adds.add(1, this.#options.name, this.#options.name);
    this.#waiting.set(key, this.#now());
    this.#turns.push(key.slice(0, Math.max(0, key.indexOf('/'))), key);
    this.#fill();
  }

  /** Then, or sooner where a sooner time was asked for already. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    const dueAt = this.#now() + ms;
    const known = this.#later.get(key);
    if (known !== undefined && known.dueAt <= dueAt) return;
    this.#dropTimer(key);
    const timer = setTimeout(() => this.add(key), ms);
    timer.unref();
    this.#later.set(key, { dueAt, timer });
  }

  /** What is known of a key that will not come again. */
  forget(key: string): void {
    this.#dropTimer(key);
    this.#failures.delete(key);
  }

  /**
   * Works until the signal fires, then resolves once the work in hand has ended (it is handed the signal). May be run again:
   * what was waiting, put off or cut short then comes first.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#fill();
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    for (const key of this.#later.keys()) this.add(key);
    if (this.#working.size === 0) return;
    this.#idle = Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  #fill(): void {
    if (this.#signal === undefined || this.#signal.aborted) return;
    while (this.#working.size < this.#options.workers) {
      const key = this.#turns.shift();
      if (key === undefined) return;
      const addedAt = this.#waiting.get(key) ?? this.#now();
      this.#waiting.delete(key);
      this.#begin(key, addedAt, this.#signal);
    }
  }

  #begin(key: string, addedAt: number, signal: AbortSignal): void {
    const { name, metrics, work } = this.#options;
    const beganAt = this.#now();
    metrics?.waitSeconds.observe((beganAt - addedAt) / 1000, name, name);
    this.#working.set(key, beganAt);
    void Promise.resolve()
      .then(() => work(key, signal))
      .catch((error: unknown): WorkOutcome => ({ kind: 'retry', reason: describeError(error) }))
      .then((outcome) => this.#end(key, outcome, signal));
  }

  #end(key: string, outcome: WorkOutcome, signal: AbortSignal): void {
    const { name, metrics } = this.#options;
    const seconds = (this.#now() - (this.#working.get(key) ?? 0)) / 1000;
    metrics?.workSeconds.observe(seconds, name, name);
    metrics?.seconds.observe(seconds, name);
    this.#working.delete(key);
    const isAgain = this.#again.delete(key);
    if (!signal.aborted) this.#settle(key, outcome);
    if (isAgain || signal.aborted) this.add(key);
    this.#fill();
    if (signal.aborted && this.#working.size === 0) this.#idle?.resolve();
  }

  #settle(key: string, outcome: WorkOutcome): void {
    const { name, metrics, log } = this.#options;
    switch (outcome.kind) {
      case 'done':
        this.#failures.delete(key);
        metrics?.reconciles.add(1, name, 'success');
        return;
      case 'retry-after':
        this.#failures.delete(key);
        metrics?.reconciles.add(1, name, 'requeue_after');
        this.addAfter(key, outcome.ms);
        return;
      case 'retry': {
        const failures = this.failures(key) + 1;
        this.#failures.set(key, failures);
        const { least, most } = this.#options.backoffMs ?? {
          least: BACKOFF_LEAST_MS,
          most: BACKOFF_MOST_MS,
        };
        const waitMs = exponentialMs(failures, least, most, this.#options.random);
        metrics?.reconciles.add(1, name, 'error');
        metrics?.errors.add(1, name);
        metrics?.retries.add(1, name, name);
        log.warn(
          { controller: name, key, failures, waitMs: Math.round(waitMs), reason: outcome.reason },
          'reconcile failed',
        );
        this.addAfter(key, waitMs);
        return;
      }
      case 'terminal':
        this.#failures.delete(key);
        metrics?.reconciles.add(1, name, 'error');
        metrics?.errors.add(1, name);
        metrics?.terminalErrors.add(1, name);
        log.error({ controller: name, key, reason: outcome.reason }, 'reconcile failed for good');
    }
  }

  #dropTimer(key: string): void {
    clearTimeout(this.#later.get(key)?.timer);
    this.#later.delete(key);
  }

  #registerMetrics(): void {
    const { name, metrics, workers } = this.#options;
    if (metrics === undefined) return;
    for (const result of RESULTS) metrics.reconciles.add(0, name, result);
    metrics.errors.add(0, name);
    metrics.terminalErrors.add(0, name);
    metrics.retries.add(0, name, name);
    metrics.adds.add(0, name, name);
    metrics.maxWorkers.set(workers, name);
    metrics.activeWorkers.read(() => this.#working.size, name);
    metrics.depth.read(() => this.#waiting.size, name, name);
    const ages = (): number[] => [...this.#working.values()].map((at) => (this.#now() - at) / 1000);
    metrics.unfinishedSeconds.read(() => ages().reduce((sum, age) => sum + age, 0), name, name);
    metrics.longestSeconds.read(() => Math.max(0, ...ages()), name, name);
  }
}
