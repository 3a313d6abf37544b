// A thread that is there while it has work: started for the first job, ended after a while without one, and replaced when it is gone.
// In: messages of the job that has it; out: what it answers, or that it is gone. A thread has a heap of its own: a message that
// bursts it costs one job, not the process.
import { Worker } from 'node:worker_threads';

/** What the job that has the thread is told when the thread is gone: by its heap, or by a bug, whose text is for the log. */
export type ThreadGone =
  | { readonly kind: 'burst' }
  | { readonly kind: 'failed'; readonly text: string };

export interface ThreadJob<From> {
  answered(message: From | ThreadGone): void;
}

export interface ThreadOptions {
  readonly entry: URL;
  readonly maxHeapBytes: number;
  readonly idleMs: number;
}

const MIB = 1024 * 1024;

export class Thread<To, From> {
  readonly #options: ThreadOptions;
  #worker: Worker | undefined;
  #job: ThreadJob<From> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** The job's from now on; whoever calls lets one at a time. */
  occupy(job: ThreadJob<From>): void {
    this.#job = job;
  }

  /** The memory of `transfer` goes along and is gone here. */
  say(message: To, transfer: readonly ArrayBuffer[] = []): void {
    const worker = this.#started();
    // It keeps the process alive while it has a job, and no longer.
    worker.ref();
    worker.postMessage(message, transfer);
  }

  /** The job is over. Does nothing for one that has not got the thread. */
  leave(job: ThreadJob<From>): void {
    if (this.#job !== job) return;
    this.#job = undefined;
    this.#worker?.unref();
    if (this.#idle !== undefined) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const resting = this.#worker;
      this.#worker = undefined;
      void resting?.terminate();
    }, this.#options.idleMs);
    this.#idle.unref();
  }

  #started(): Worker {
    if (this.#idle !== undefined) clearTimeout(this.#idle);
    this.#idle = undefined;
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#options.entry, {
      resourceLimits: {
        maxOldGenerationSizeMb: this.#options.maxHeapBytes / MIB,
        maxYoungGenerationSizeMb: 4,
      },
    });
    const gone = (message: ThreadGone): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#job?.answered(message);
    };
    worker.on('message', (message: From) => this.#job?.answered(message));
    worker.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') gone({ kind: 'burst' });
      else gone({ kind: 'failed', text: String(error.stack) });
    });
    worker.on('exit', () => gone({ kind: 'failed', text: 'the thread ended' }));
    this.#worker = worker;
    return worker;
  }
}
