// Reads large messages in a thread, one at a time, so that the event loop goes on. In: a task and its payloads; out: its result.
// The bodies are copied for the thread in steps, since others may still send them; what is copied and what the thread makes
// is held before it is there. The thread has a heap of its own: a message that bursts it costs one request, not the process.
import type { CallHandle } from '../contract/calls.ts';
import { copyInSteps } from '../contract/copy-in-steps.ts';
import type { ByteAccount } from '../contract/held-bytes.ts';
import { Thread, type ThreadGone, type ThreadJob } from '../contract/thread.ts';
import type { Messages } from '../../dialects/dialect.ts';
import type { Edits, Payload } from '../../dialects/payload.ts';
import { type Turn, Turns } from '../contract/unpack/turns.ts';
import {
  MAX_READER_HEAP_BYTES,
  MAX_WAITING_READS,
  READER_IDLE_MS,
} from '../../dialects/reading-limits.ts';
import type { FromReader, ToReader } from './messages.ts';
import type { Task, TaskKind, TaskResults } from './tasks.ts';

export type ThreadResult<K extends TaskKind> =
  | { readonly kind: 'read'; readonly result: TaskResults[K] }
  | { readonly kind: 'overloaded' }
  /** A bug; the text is for the log. */
  | { readonly kind: 'failed'; readonly text: string };

const turns = new Turns(1, MAX_WAITING_READS);
const thread = new Thread<ToReader, FromReader>({
  entry: new URL('./thread.ts', import.meta.url),
  maxHeapBytes: MAX_READER_HEAP_BYTES,
  idleMs: READER_IDLE_MS,
});

/** Readings under way and waiting in this process. */
export function countReadings(): number {
  return turns.running + turns.waiting;
}

/** `done` is called once and never at once, unless the handle is cancelled before. Undefined where too many wait. */
export function readInThread<K extends TaskKind>(
  messages: Messages,
  task: Task<K>,
  payloads: readonly Payload[],
  account: ByteAccount,
  done: (result: ThreadResult<K>) => void,
): CallHandle | undefined {
  const reading = new Reading(messages, task, payloads, account, done);
  const turn = turns.take(() => reading.begin());
  if (turn === undefined) return undefined;
  reading.turn = turn;
  return reading;
}

class Reading<K extends TaskKind> implements CallHandle, ThreadJob<FromReader> {
  turn: Turn | undefined;
  readonly #messages: Messages;
  readonly #task: Task<K>;
  readonly #payloads: readonly Payload[];
  readonly #account: ByteAccount;
  readonly #done: (result: ThreadResult<K>) => void;
  #heldBytes = 0;
  #inThread = false;
  #cancelled = false;

  constructor(
    messages: Messages,
    task: Task<K>,
    payloads: readonly Payload[],
    account: ByteAccount,
    done: (result: ThreadResult<K>) => void,
  ) {
    this.#messages = messages;
    this.#task = task;
    this.#payloads = payloads;
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

  answered(message: FromReader | ThreadGone): void {
    switch (message.kind) {
      case 'needs': {
        const granted = !this.#cancelled && this.#hold(message.bytes);
        thread.say({ kind: 'room', granted });
        if (!granted) this.#end({ kind: 'overloaded' });
        return;
      }
      case 'payload': {
        const { head, bytes } = message;
        const body = bytes === undefined ? this.#payloads[0]?.body : Buffer.from(bytes.buffer);
        const { contentType, layout } = head;
        this.#end({ kind: 'read', result: { body, contentType, layout } as TaskResults[K] });
        return;
      }
      case 'done':
        this.#end({ kind: 'read', result: revived(message.result) as TaskResults[K] });
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
    const total = this.#payloads.reduce((sum, { body }) => sum + body.length, 0);
    if (!this.#hold(total)) {
      this.#end({ kind: 'overloaded' });
      return;
    }
    copyInSteps(
      this.#payloads.map(({ body }) => body),
      () => this.#cancelled,
      (bytes) => this.#post(bytes),
    );
  }

  #post(bytes: Uint8Array<ArrayBuffer>): void {
    this.#inThread = true;
    thread.occupy(this);
    const { dialect, transport } = this.#messages;
    const heads = this.#payloads.map(({ body, contentType, layout }) => ({
      contentType,
      layout,
      length: body.length,
    }));
    thread.say({ kind: 'task', dialect, transport, task: this.#task, bytes, heads }, [
      bytes.buffer,
    ]);
  }

  #hold(bytes: number): boolean {
    if (!this.#account.hold(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #end(result: ThreadResult<K>): void {
    thread.leave(this);
    this.#settle();
    if (!this.#cancelled) this.#done(result);
  }

  #settle(): void {
    this.#account.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.turn?.end();
  }
}

/** The bytes of edits come as plain arrays. */
function revived(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('edits' in result)) return result;
  const { edits, contentType, layout } = result as Edits;
  const revivedEdits = edits.map((edit) => ({ ...edit, by: Buffer.from(edit.by) }));
  return { edits: revivedEdits, contentType, layout };
}
