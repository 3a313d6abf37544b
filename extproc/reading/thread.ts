// The reading thread: takes one task after the other, says how much memory it needs for it, and answers with the result.
import { parentPort } from 'node:worker_threads';
import { JSON_DIALECT } from '../../dialects/seldon/json-dialect.ts';
import { PROTO_DIALECT } from '../../dialects/seldon/proto-dialect.ts';
import { freeMemory } from '../../lib/runtime/free-memory.ts';
import type { FromReader, ToReader } from './messages.ts';
import { bytesMade, perform } from './tasks.ts';

type Order = Extract<ToReader, { kind: 'task' }>;

const DIALECTS = { json: JSON_DIALECT, proto: PROTO_DIALECT } as const;

let waiting: (() => void) | null = null;

function say(message: FromReader, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function bodiesOf({ bytes, lengths }: Order): Buffer[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length);
  });
}

function run(order: Order, bodies: readonly Buffer[]): void {
  answer(order, bodies);
  freeMemory(order.bytes);
}

function answer(order: Order, bodies: readonly Buffer[]): void {
  const result = perform(DIALECTS[order.dialect], order.task, bodies);
  if (!Buffer.isBuffer(result)) {
    say({ kind: 'done', isBody: false, result });
  } else if (result === bodies[0]) {
    say({ kind: 'done', isBody: true, result: null });
  } else {
    // A copy of its own: what is kept here for the next message must stay.
    const own = new Uint8Array(result);
    say({ kind: 'done', isBody: true, result: own }, [own.buffer]);
  }
}

function guarded(step: () => void): void {
  try {
    step();
  } catch (error) {
    say({ kind: 'failed', text: error instanceof Error ? String(error.stack) : String(error) });
  }
}

parentPort?.on('message', (message: ToReader) => {
  if (message.kind === 'room') {
    const next = waiting;
    waiting = null;
    if (next === null) return;
    if (message.granted) guarded(next);
    return;
  }
  guarded(() => {
    const bodies = bodiesOf(message);
    waiting = () => run(message, bodies);
    say({ kind: 'needs', bytes: bytesMade(DIALECTS[message.dialect], message.task, bodies) });
  });
});
