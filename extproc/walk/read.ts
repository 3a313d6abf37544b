// Reads what is inside messages: takes their content encoding off and asks the dialect, at once where that costs no more than
// some milliseconds, otherwise in threads. In: messages as they were sent and what is asked of them; out: the result, or the
// fault that ends the walk. Units are asked for plain responses, so compressed ones are the way of a few.
import type { BodyMemory } from '../contract/bodies.ts';
import type { CallHandle } from '../contract/calls.ts';
import { OVERLOADED_INFO } from '../contract/held-bytes.ts';
import { type FaultLog, toFault } from '../contract/internal-fault.ts';
import type { ResponseHead, Message } from '../contract/message.ts';
import { MAX_READ_ON_LOOP_BYTES } from '../../dialects/reading-limits.ts';
import { readInThread, type ThreadResult } from '../reading/reader.ts';
import {
  payloadOf,
  performTask,
  type Task,
  type TaskKind,
  type TaskResults,
} from '../reading/tasks.ts';
import type { Messages } from '../../dialects/dialect.ts';
import { encodingOf } from '../contract/unpack/encodings.ts';
import { unpack, type Unpacked } from '../contract/unpack/unpack.ts';
import type { Fault } from './outcome.ts';

/** Who asks, and by what. */
export interface ReadContext {
  readonly messages: Messages;
  /** Bound of each message without its encoding. */
  readonly maxBytes: number;
  readonly memory: BodyMemory;
  readonly log: FaultLog;
}

export interface Read<K extends TaskKind> {
  readonly kind: 'read';
  readonly result: TaskResults[K];
  /** The messages without encoding. */
  readonly plain: readonly Message[];
  /** Held for bodies that were unpacked, and for a body that is the result: whoever asked releases them. */
  readonly unpackedBytes: number;
  readonly resultBytes: number;
}

export const OVERLOADED: Fault = { kind: 'error', code: 'OVERLOADED', info: OVERLOADED_INFO };

/**
 * What the task answers for the messages; a handle where that takes a while: `later` is then called once, unless the handle is
 * cancelled. `from` names the sender of each message in a fault.
 */
export function readMessages<K extends TaskKind>(
  context: ReadContext,
  task: Task<K>,
  messages: readonly Message[],
  from: (position: number) => string,
  later: (read: Read<K> | Fault) => void,
): Read<K> | Fault | CallHandle {
  const now = readAtOnce(context.messages, context.memory, task, messages);
  return now ?? new SlowReading(context, task, messages, from, later).start();
}

/** The same for messages that are plain and small, as nearly all are; undefined for others. */
export function readAtOnce<K extends TaskKind>(
  dialect: Messages,
  memory: BodyMemory,
  task: Task<K>,
  messages: readonly Message[],
): Read<K> | Fault | undefined {
  for (const message of messages) if (!isPlain(message)) return undefined;
  if (!isSmall(dialect, task, messages)) return undefined;
  return hold(memory, performTask(dialect, task, messages), messages, 0);
}

function isPlain({ contentEncoding, body }: Message): boolean {
  return (
    contentEncoding === undefined || body.length === 0 || nameOf(contentEncoding) === undefined
  );
}

/** Name of an encoding in lower case; undefined for none. */
function nameOf(contentEncoding: string): string | undefined {
  const name = contentEncoding.trim().toLowerCase();
  return name === '' || name === 'identity' ? undefined : name;
}

function isSmall(dialect: Messages, task: Task, messages: readonly Message[]): boolean {
  let bytes = 0;
  const { requests } = dialect;
  for (const message of messages) {
    bytes +=
      task.kind === 'fit' && requests !== undefined
        ? requests.bytesRead(message)
        : message.body.length;
  }
  // An average takes every number apart.
  return bytes <= (task.kind === 'average' ? MAX_READ_ON_LOOP_BYTES / 2 : MAX_READ_ON_LOOP_BYTES);
}

/** Counts the body that a task has made. */
function hold<K extends TaskKind>(
  memory: BodyMemory,
  result: TaskResults[K],
  plain: readonly Message[],
  unpackedBytes: number,
): Read<K> | Fault {
  let resultBytes = 0;
  const made = payloadOf(result);
  if (made !== undefined && made.body !== plain[0]?.body) {
    resultBytes = made.body.length;
    if (!memory.hold(resultBytes)) return OVERLOADED;
  }
  return { kind: 'read', result, plain, unpackedBytes, resultBytes };
}

/** A head whose response has been unpacked: all but its content encoding. */
function plainHead(head: ResponseHead): ResponseHead {
  return {
    status: head.status,
    find: (name) => (name === 'content-encoding' ? undefined : head.find(name)),
    entries() {
      const entries = head.entries();
      const kept: string[] = [];
      for (let at = 0; at + 1 < entries.length; at += 2) {
        if (entries[at] === 'content-encoding') continue;
        kept.push(entries[at] as string, entries[at + 1] as string);
      }
      return kept;
    },
  };
}

/** Messages that are unpacked one after the other, and then read. */
class SlowReading<K extends TaskKind> implements CallHandle {
  readonly #context: ReadContext;
  readonly #task: Task<K>;
  readonly #messages: readonly Message[];
  readonly #from: (position: number) => string;
  readonly #later: (read: Read<K> | Fault) => void;
  readonly #plain: Message[] = [];
  #unpackedBytes = 0;
  #handle: CallHandle | undefined;
  #isStarting = true;
  #ended: Read<K> | Fault | undefined;
  #cancelled = false;

  constructor(
    context: ReadContext,
    task: Task<K>,
    messages: readonly Message[],
    from: (position: number) => string,
    later: (read: Read<K> | Fault) => void,
  ) {
    this.#context = context;
    this.#task = task;
    this.#messages = messages;
    this.#from = from;
    this.#later = later;
  }

  start(): Read<K> | Fault | CallHandle {
    this.#next();
    this.#isStarting = false;
    return this.#ended ?? this;
  }

  cancel(): void {
    if (this.#cancelled || this.#ended !== undefined) return;
    this.#cancelled = true;
    this.#handle?.cancel();
    this.#context.memory.release(this.#unpackedBytes);
  }

  #next(): void {
    const position = this.#plain.length;
    const message = this.#messages[position];
    if (message === undefined) {
      this.#perform();
    } else if (isPlain(message)) {
      this.#plain.push(message);
      this.#next();
    } else {
      this.#unpack(message, position);
    }
  }

  #unpack(message: Message, position: number): void {
    const { maxBytes, memory } = this.#context;
    const name = message.contentEncoding ?? '';
    const encoding = encodingOf(nameOf(name) ?? '');
    const fail = (code: 'ANSWER_TOO_LARGE' | 'ANSWER_NOT_DECODABLE', what: string): void =>
      this.#end({ kind: 'error', code, info: `${this.#from(position)}: ${what}` });
    const unreadable = (): void =>
      fail('ANSWER_NOT_DECODABLE', `cannot read content encoding "${nameOf(name)}"`);
    if (encoding === undefined) {
      unreadable();
      return;
    }
    const take = (unpacked: Unpacked): void => {
      switch (unpacked.kind) {
        case 'plain':
          this.#unpackedBytes += unpacked.body.length;
          this.#plain.push({
            body: unpacked.body,
            contentType: message.contentType,
            layout: message.layout,
            contentEncoding: undefined,
            head: message.head === undefined ? undefined : plainHead(message.head),
          });
          this.#next();
          return;
        case 'too-large':
          fail('ANSWER_TOO_LARGE', `unpacked, the response is over ${maxBytes} bytes`);
          return;
        case 'broken':
          unreadable();
          return;
        case 'overloaded':
          this.#end(OVERLOADED);
      }
    };
    const handle = unpack(message.body, encoding, maxBytes, memory, take);
    if (handle !== undefined) this.#handle = handle;
  }

  #perform(): void {
    const { messages, memory, log } = this.#context;
    const task = this.#task;
    const plain = this.#plain;
    if (isSmall(messages, task, plain)) {
      this.#end(hold(memory, performTask(messages, task, plain), plain, this.#unpackedBytes));
      return;
    }
    this.#handle = readInThread(messages, task, plain, memory, (read: ThreadResult<K>) => {
      if (read.kind === 'read') this.#end(hold(memory, read.result, plain, this.#unpackedBytes));
      else if (read.kind === 'overloaded') this.#end(OVERLOADED);
      else this.#end(toFault(read.text, log));
    });
    if (this.#handle === undefined) this.#end(OVERLOADED);
  }

  #end(ended: Read<K> | Fault): void {
    if (this.#cancelled || this.#ended !== undefined) return;
    this.#ended = ended;
    if (ended.kind !== 'read') this.#context.memory.release(this.#unpackedBytes);
    if (!this.#isStarting) this.#later(ended);
  }
}
