// Reads on a thread of its own, one object at a time, within a bound of processor time. What takes longer is given up and told as a
// finding, and the thread begins anew: the process goes on answering its probes, and everybody else's objects are read. Namespaces
// take turns. An object goes over as JSON: a copy that the engine makes faster than its own, and the name by which one that took too
// long is known again.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../lib/runtime/log.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { MANIFEST_LIMITS } from '../../graph/plan/limits.ts';
import type { LoadedDeployments } from '../../graph/seldon/load-deployments.ts';
import { describeError } from '../../lib/kube/error.ts';
import { FairQueue } from '../../lib/kube/fair-queue.ts';
import { unread } from './reader.ts';
import type { Reader, ReadOptions } from './reader.ts';
import type { ReadResult, Question } from './thread.ts';

export interface ThreadReaderOptions {
  /** Processor time that one object may take, ms: what counts where the machine is busy with other things. */
  readonly cpuMs: number;
  /** And by the clock, ms, from when it is its turn. */
  readonly wallMs: number;
  /** Objects that may wait for their turn; where more come, those of the namespace that has most give way. */
  readonly maxWaiting: number;
  readonly log: Log;
  /** The thread's code, for tests. */
  readonly thread?: URL;
}

interface Job {
  readonly text: string;
  readonly options: ReadOptions;
  readonly hash: string;
  readonly resolve: (loaded: LoadedDeployments) => void;
}

interface Overdue {
  readonly times: number;
  readonly until: number;
}

const THREAD = new URL('./thread.ts', import.meta.url);
const LOOK_MS = 50;
/** Of the thread's heap, MiB: with the rest of the process it fits into the container of the webhooks. */
const MAX_HEAP_MIB = 160;
/** An object that took too long is not tried again for a minute, then for two, at most for an hour. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;
const MAX_REMEMBERED = 1000;

export class ThreadReader implements Reader {
  readonly #options: ThreadReaderOptions;
  readonly #waiting = new FairQueue<Job>();
  /** Objects that took too long, by hash, oldest first. */
  readonly #overdue = new Map<string, Overdue>();
  #worker: Worker | undefined;
  /** Ends the object in hand. */
  #settle: ((outcome: Outcome) => void) | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: ThreadReaderOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  read(object: JsonObject, options: ReadOptions, namespace: string): Promise<LoadedDeployments> {
    if (this.#isClosed) return Promise.reject(new Error('the reader is closed'));
    const text = textOf(object);
    if (text === undefined)
      return Promise.resolve(unread('DOCUMENT_TOO_DEEP', 'nested deeper than can be read'));
    if (text.length > MANIFEST_LIMITS.maxTextLength)
      return Promise.resolve(
        unread('MANIFEST_TOO_LARGE', `the object has ${text.length} characters`),
      );
    const hash = createHash('sha256').update(text).digest('base64');
    if (this.#isOverdue(hash)) return Promise.resolve(this.#tooSlow());
    if (this.#waiting.length >= this.#options.maxWaiting) {
      const yielding = this.#waiting.yieldTo(namespace);
      if (yielding === undefined) return Promise.resolve(tooMany());
      yielding.resolve(tooMany());
    }
    return new Promise((resolve) => {
      this.#waiting.push(namespace, { text, options, hash, resolve });
      void this.#work();
    });
  }

  /** Ends the thread; what waits is told that it was not read. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift())
      job.resolve(unread('READER_BUSY', 'the process is going'));
    await this.#worker?.terminate();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift())
      job.resolve(await this.#readOne(job));
    this.#isBusy = false;
  }

  async #readOne({ text, options, hash }: Job): Promise<LoadedDeployments> {
    // The same one may have been tried while this one waited.
    if (this.#isOverdue(hash)) return this.#tooSlow();
    const worker = (this.#worker ??= this.#start());
    const outcome = await this.#ask(worker, { text, options });
    if (outcome.kind === 'response') {
      this.#overdue.delete(hash);
      return outcome.response;
    }
    this.#worker = undefined;
    await worker.terminate();
    if (this.#isClosed) return unread('READER_BUSY', 'the process is going');
    this.#worker = this.#start();
    this.#remember(hash);
    this.#options.log.error(
      { reason: outcome.reason, characters: text.length },
      'a SeldonDeployment was not read',
    );
    return outcome.kind === 'overdue'
      ? this.#tooSlow()
      : unread('READER_FAILED', `the reader failed: ${outcome.reason.slice(0, 200)}`);
  }

  #ask(worker: Worker, question: Question): Promise<Outcome> {
    const { cpuMs, wallMs } = this.#options;
    return new Promise((resolve) => {
      const over = new AbortController();
      const end = (outcome: Outcome): void => {
        over.abort();
        clearTimeout(late);
        this.#settle = undefined;
        resolve(outcome);
      };
      const late = setTimeout(
        () => end({ kind: 'overdue', reason: `over ${wallMs} ms by the clock` }),
        wallMs,
      );
      this.#settle = end;
      worker.postMessage(question);
      void watchCpu(worker, cpuMs, over.signal).then((isOver) => {
        if (isOver) end({ kind: 'overdue', reason: `over ${cpuMs} ms of processor time` });
      });
    });
  }

  #tooSlow(): LoadedDeployments {
    const { cpuMs } = this.#options;
    return unread('READER_TOO_SLOW', `reading it takes more than ${cpuMs} ms`);
  }

  #isOverdue(hash: string): boolean {
    const overdue = this.#overdue.get(hash);
    return overdue !== undefined && performance.now() < overdue.until;
  }

  #remember(hash: string): void {
    const times = (this.#overdue.get(hash)?.times ?? 0) + 1;
    const rest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(times - 1, 10));
    this.#overdue.delete(hash);
    this.#overdue.set(hash, { times, until: performance.now() + rest });
    const [oldest] = this.#overdue.keys();
    if (this.#overdue.size > MAX_REMEMBERED && oldest !== undefined) this.#overdue.delete(oldest);
  }

  #start(): Worker {
    const worker = new Worker(this.#options.thread ?? THREAD, {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    worker.unref();
    // A thread that is being ended may still say that it was out of memory; by then another one is at work.
    const settle = (outcome: Outcome): void => {
      if (this.#worker === worker) this.#settle?.(outcome);
    };
    worker.on('message', (response: ReadResult) => settle({ kind: 'response', response }));
    worker.on('error', (error) => settle({ kind: 'broken', reason: describeError(error) }));
    worker.on('exit', (code) => {
      settle({ kind: 'broken', reason: `the thread ended (${code})` });
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

/** Undefined for one that nests deeper than can be written, which only JSON that never passed an API server does. */
function textOf(object: JsonObject): string | undefined {
  try {
    return JSON.stringify(object);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function tooMany(): LoadedDeployments {
  return unread('READER_BUSY', 'too many objects wait to be read');
}

type Outcome =
  | { readonly kind: 'response'; readonly response: ReadResult }
  | { readonly kind: 'overdue'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** True once the thread has used that much more of a processor; false where the signal came first. */
async function watchCpu(worker: Worker, cpuMs: number, signal: AbortSignal): Promise<boolean> {
  const before = await usedMs(worker);
  while (!signal.aborted) {
    await sleep(LOOK_MS, undefined, { ref: false });
    if (!signal.aborted && (await usedMs(worker)) - before > cpuMs) return true;
  }
  return false;
}

/** 0 for a thread that is still starting, which has no times yet. */
async function usedMs(worker: Worker): Promise<number> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return 0;
  }
}
