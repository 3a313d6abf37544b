// Reads large messages in a thread, one at a time, so that the event loop goes on. In: a task and its bodies; out: its result.
// The bodies are copied for the thread in steps, since others may still send them; what is copied and what the thread makes
// is held before it is there. The thread has a heap of its own: a message that bursts it costs one request, not the process.
import { Worker } from 'node:worker_threads';
import type { CallHandle } from '../contract/calls.ts';
import type { ByteAccount } from '../contract/held-bytes.ts';
import type { Dialect } from '../../dialects/seldon/dialect.ts';
import { type Turn, Turns } from '../contract/unpack/turns.ts';
import {
  COPY_STEP_BYTES,
  MAX_READER_HEAP_BYTES,
  MAX_WAITING_READS,
  READER_IDLE_MS,
} from '../../dialects/reading-limits.ts';
import type { FromReader, ToReader } from './messages.ts';
import type { Task, TaskKind, TaskResults } from './tasks.ts';

const MIB = 1024 * 1024;
const ENTRY = new URL('./thread.ts', import.meta.url);

export type ThreadResult<K extends TaskKind> =
  | { readonly kind: 'read'; readonly result: TaskResults[K] }
  | { readonly kind: 'overloaded' }
  /** A bug; the text is for the log. */
  | { readonly kind: 'failed'; readonly text: string };

interface Job {
  /** Told by the thread, or when it is gone. */
  answered(message: FromReader | { readonly kind: 'burst' }): void;
}

const turns = new Turns(1, MAX_WAITING_READS);
let thread: Worker | null = null;
let current: Job | null = null;
let idle: NodeJS.Timeout | null = null;

/** Readings under way and waiting in this process. */
export function countReadings(): number {
  return turns.running + turns.waiting;
}

/** `done` is called once and never at once, unless the handle is cancelled before. Null where too many wait. */
export function readInThread<K extends TaskKind>(
  dialect: Dialect,
  task: Task<K>,
  bodies: readonly Buffer[],
  account: ByteAccount,
  done: (result: ThreadResult<K>) => void,
): CallHandle | null {
  const reading = new Reading(dialect, task, bodies, account, done);
  const turn = turns.take(() => reading.begin());
  if (turn === null) return null;
  reading.turn = turn;
  return reading;
}

/** The thread, started when it is not there. */
function threadOf(): Worker {
  if (idle !== null) clearTimeout(idle);
  idle = null;
  if (thread !== null) return thread;
  const started = new Worker(ENTRY, {
    resourceLimits: {
      maxOldGenerationSizeMb: MAX_READER_HEAP_BYTES / MIB,
      maxYoungGenerationSizeMb: 4,
    },
  });
  // It never keeps the process alive.
  started.unref();
  const gone = (message: FromReader | { readonly kind: 'burst' }): void => {
    if (thread !== started) return;
    thread = null;
    current?.answered(message);
  };
  started.on('message', (message: FromReader) => current?.answered(message));
  started.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') gone({ kind: 'burst' });
    else gone({ kind: 'failed', text: String(error.stack) });
  });
  started.on('exit', () => gone({ kind: 'failed', text: 'the reading thread ended' }));
  thread = started;
  return started;
}

/** Ends the thread after a while without work. */
function rest(): void {
  if (idle !== null) clearTimeout(idle);
  idle = setTimeout(() => {
    const resting = thread;
    thread = null;
    void resting?.terminate();
  }, READER_IDLE_MS);
  idle.unref();
}

function occupy(job: Job): void {
  current = job;
}

class Reading<K extends TaskKind> implements CallHandle, Job {
  turn: Turn | null = null;
  readonly #dialect: Dialect;
  readonly #task: Task<K>;
  readonly #bodies: readonly Buffer[];
  readonly #account: ByteAccount;
  readonly #done: (result: ThreadResult<K>) => void;
  #heldBytes = 0;
  #inThread = false;
  #cancelled = false;

  constructor(
    dialect: Dialect,
    task: Task<K>,
    bodies: readonly Buffer[],
    account: ByteAccount,
    done: (result: ThreadResult<K>) => void,
  ) {
    this.#dialect = dialect;
    this.#task = task;
    this.#bodies = bodies;
    this.#account = account;
    this.#done = done;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    // What the thread has begun it ends, and the next one waits for it.
    if (!this.#inThread) this.#settle();
  }

  begin(): void {
    setImmediate(() => this.#copy());
  }

  answered(message: FromReader | { readonly kind: 'burst' }): void {
    switch (message.kind) {
      case 'needs': {
        const granted = !this.#cancelled && this.#hold(message.bytes);
        this.#say({ kind: 'room', granted });
        if (!granted) this.#end({ kind: 'overloaded' });
        return;
      }
      case 'done':
        this.#end({ kind: 'read', result: this.#resultOf(message.isBody, message.result) });
        return;
      case 'burst':
        this.#end({ kind: 'overloaded' });
        return;
      case 'failed':
        this.#end(message);
    }
  }

  #copy(): void {
    if (this.#cancelled) return;
    const total = this.#bodies.reduce((sum, body) => sum + body.length, 0);
    if (!this.#hold(total)) {
      this.#end({ kind: 'overloaded' });
      return;
    }
    const bytes = new Uint8Array(new ArrayBuffer(total));
    let position = 0;
    let from = 0;
    let at = 0;
    const step = (): void => {
      if (this.#cancelled) return;
      const until = at + COPY_STEP_BYTES;
      while (at < until) {
        const body = this.#bodies[position];
        if (body === undefined) {
          this.#post(bytes);
          return;
        }
        const piece = body.subarray(from, from + until - at);
        bytes.set(piece, at);
        at += piece.length;
        from += piece.length;
        if (from < body.length) continue;
        position++;
        from = 0;
      }
      setImmediate(step);
    };
    step();
  }

  #post(bytes: Uint8Array<ArrayBuffer>): void {
    this.#inThread = true;
    occupy(this);
    const lengths = this.#bodies.map((body) => body.length);
    this.#say({ kind: 'task', dialect: this.#dialect.name, task: this.#task, bytes, lengths }, [
      bytes.buffer,
    ]);
  }

  #say(message: ToReader, transfer: ArrayBuffer[] = []): void {
    threadOf().postMessage(message, transfer);
  }

  #resultOf(isBody: boolean, result: unknown): TaskResults[K] {
    if (!isBody) return result as TaskResults[K];
    const body = result instanceof Uint8Array ? Buffer.from(result.buffer) : this.#bodies[0];
    return body as TaskResults[K];
  }

  #hold(bytes: number): boolean {
    if (!this.#account.hold(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #end(result: ThreadResult<K>): void {
    if (current === this) {
      current = null;
      rest();
    }
    this.#settle();
    if (!this.#cancelled) this.#done(result);
  }

  #settle(): void {
    this.#account.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.turn?.end();
  }
}
