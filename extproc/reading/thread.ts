// The reading thread: takes one task after the other, says how much memory it needs for it, and answers with the result.
import { parentPort } from 'node:worker_threads';
import { loadMessages, messagesOf } from '../../dialects/known/messages.ts';
import type { Messages } from '../../dialects/dialect.ts';
import type { Payload } from '../../dialects/payload.ts';
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import type { FromReader, ToReader } from './messages.ts';
import { bytesMade, payloadOf, performTask } from './tasks.ts';

type Order = Extract<ToReader, { kind: 'task' }>;

let waiting: (() => void) | undefined;

function say(message: FromReader, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function payloadsOf({ bytes, heads }: Order): Payload[] {
  let at = 0;
  return heads.map(({ length, contentType, layout }) => {
    at += length;
    const body = Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length);
    return { body, contentType, layout };
  });
}

function run(messages: Messages, order: Order, payloads: readonly Payload[]): void {
  answer(messages, order, payloads);
  freeMemory(order.bytes);
}

function answer(messages: Messages, order: Order, payloads: readonly Payload[]): void {
  const result = performTask(messages, order.task, payloads);
  const made = payloadOf(result);
  if (made === undefined) {
    say({ kind: 'done', result });
    return;
  }
  const { body, contentType, layout } = made;
  const head = { contentType, layout, length: body.length };
  if (body === payloads[0]?.body) {
    say({ kind: 'payload', head, bytes: undefined });
  } else {
    // A copy of its own: what is kept here for the next message must stay.
    const own = new Uint8Array(body);
    say({ kind: 'payload', head, bytes: own }, [own.buffer]);
  }
}

function guarded(step: () => void): void {
  try {
    step();
  } catch (error) {
    say({ kind: 'failed', text: error instanceof Error ? String(error.stack) : String(error) });
  }
}

parentPort?.on('message', (message: ToReader) => void take(message));

async function take(message: ToReader): Promise<void> {
  if (message.kind === 'room') {
    const next = waiting;
    waiting = undefined;
    if (next === undefined) return;
    if (message.granted) guarded(next);
    return;
  }
  const { spoken = message.dialect } = message.task;
  await loadMessages([message.dialect, spoken]);
  guarded(() => {
    const messages = messagesOf(message.dialect, message.transport);
    const payloads = payloadsOf(message);
    waiting = () => run(messages, message, payloads);
    say({ kind: 'needs', bytes: bytesMade(messages, message.task, payloads) });
  });
}
