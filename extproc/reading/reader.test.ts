import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldAccount, HeldBytes } from '../contract/held-bytes.ts';
import { SELDON_REST } from '../../dialects/seldon/rest-messages.ts';
import { SELDON_GRPC } from '../../dialects/seldon/grpc-messages.ts';
import { bytesField } from '../../lib/codecs/protobuf/writer.ts';
import type { Messages } from '../../dialects/dialect.ts';
import type { Payload } from '../../dialects/payload.ts';
import { cpuMs, longestTurnMs } from '../../testing/cpu-time.ts';
import { MAX_WAITING_READS } from '../../dialects/reading-limits.ts';
import { countReadings, readInThread, type ThreadResult } from './reader.ts';
import { performTask, type Task, type TaskKind } from './tasks.ts';

const MIB = 1024 * 1024;

function numbers(bytes: number, piece = ',0.25'): Buffer {
  return Buffer.from(`{"data":{"ndarray":[1${piece.repeat(bytes / piece.length)}]}}`);
}

function payloads(bodies: readonly Buffer[]): Payload[] {
  return bodies.map((body) => ({ body, contentType: undefined, layout: undefined }));
}

function inThread<K extends TaskKind>(
  messages: Messages,
  task: Task<K>,
  bodies: readonly Buffer[],
  account: HeldAccount,
): Promise<ThreadResult<K>> {
  return new Promise((resolve) => {
    assert.ok(readInThread(messages, task, payloads(bodies), account, resolve));
  });
}

const FEEDBACK = Buffer.from(`{"response":{"meta":{"routing":{"r":1}}},"p":"${'x'.repeat(MIB)}"}`);
const BROKEN = Buffer.from(`{"a":"${'x'.repeat(MIB)}`);
const PROTO = bytesField(5, Buffer.alloc(MIB, 'x'));
const CASES: readonly (readonly [string, Messages, Task, readonly Buffer[]])[] = [
  ['a route', SELDON_REST, { kind: 'read-route' }, [numbers(MIB)]],
  ['a route that is none', SELDON_REST, { kind: 'read-route' }, [BROKEN]],
  [
    'responses that can be joined',
    SELDON_REST,
    { kind: 'find-unjoinable' },
    [numbers(MIB), numbers(9)],
  ],
  ['responses that cannot', SELDON_REST, { kind: 'find-unjoinable' }, [numbers(MIB), BROKEN]],
  ['an average', SELDON_REST, { kind: 'average' }, [numbers(MIB), numbers(MIB, ',0.75')]],
  [
    'an average of long numbers',
    SELDON_REST,
    { kind: 'average' },
    [numbers(MIB, ',0.12345678901234567')],
  ],
  ['what cannot be averaged', SELDON_REST, { kind: 'average' }, [numbers(MIB), numbers(2 * MIB)]],
  [
    'an echo',
    SELDON_REST,
    { kind: 'simple-model' },
    [Buffer.from(`{"strData":"${'x'.repeat(MIB)}"}`)],
  ],
  ['a constant', SELDON_REST, { kind: 'simple-model' }, [numbers(MIB)]],
  ['routing written', SELDON_REST, { kind: 'write-routing', routing: { a: -1 } }, [numbers(MIB)]],
  [
    'routing that cannot be written',
    SELDON_REST,
    { kind: 'write-routing', routing: { a: -1 } },
    [BROKEN],
  ],
  ['routing of a feedback', SELDON_REST, { kind: 'read-feedback' }, [FEEDBACK]],
  ['a feedback without', SELDON_REST, { kind: 'read-feedback' }, [numbers(MIB)]],
  [
    'routing written into a feedback',
    SELDON_REST,
    { kind: 'write-feedback', routing: { r: 0 } },
    [FEEDBACK],
  ],
  ['protobuf', SELDON_GRPC, { kind: 'write-routing', routing: { a: 2 } }, [PROTO]],
  ['protobuf that is joined', SELDON_GRPC, { kind: 'find-unjoinable' }, [PROTO, PROTO.subarray(9)]],
];

test('a thread answers what the loop would, leaves the bodies as they are and holds nothing afterwards', async () => {
  for (const [name, messages, task, bodies] of CASES) {
    const all = new HeldBytes(256 * MIB);
    const copies = bodies.map((body) => Buffer.from(body));
    const read = await inThread(messages, task, bodies, new HeldAccount(all));
    assert.equal(read.kind, 'read', name);
    assert.deepEqual(
      read.kind === 'read' && read.result,
      performTask(messages, task, payloads(bodies)),
      name,
    );
    assert.deepEqual(bodies, copies, name);
    assert.equal(all.bytes, 0, name);
  }
});

test('without room for what is made there is no result', async () => {
  for (const [maxBytes, wanted] of [
    [MIB, 'overloaded'],
    [4 * MIB, 'overloaded'],
    [64 * MIB, 'read'],
  ] as const) {
    const all = new HeldBytes(maxBytes);
    const bodies = [numbers(MIB)];
    const read = await inThread(SELDON_REST, { kind: 'average' }, bodies, new HeldAccount(all));
    assert.equal(read.kind, wanted);
    assert.equal(all.bytes, 0);
  }
});

test('a message that bursts the heap of the thread costs itself only', async () => {
  const all = new HeldBytes(1024 * MIB);
  const account = new HeldAccount(all);
  // Each of these is an object in memory.
  const burst = Buffer.alloc(32 * MIB, bytesField(3));
  const bursting = inThread(SELDON_GRPC, { kind: 'read-route' }, [burst], account);
  const next = inThread(SELDON_REST, { kind: 'read-route' }, [numbers(MIB)], account);
  assert.equal((await bursting).kind, 'overloaded');
  assert.deepEqual(await next, { kind: 'read', result: 1 });
  assert.equal(all.bytes, 0);
});

test('readings wait their turn, one too many is refused, and those that are cancelled leave nothing', async () => {
  const all = new HeldBytes(256 * MIB);
  const task = { kind: 'read-route' } as const;
  const body = numbers(MIB);
  const begin = (account: HeldAccount) =>
    readInThread(SELDON_REST, task, payloads([body]), account, () =>
      assert.fail('it was cancelled'),
    );
  const handles = Array.from({ length: 1 + MAX_WAITING_READS }, () => begin(new HeldAccount(all)));
  assert.equal(begin(new HeldAccount(all)), undefined);
  for (const handle of handles) handle?.cancel();
  for (const handle of handles) handle?.cancel();
  assert.equal(countReadings(), 0);
  assert.equal(all.bytes, 0);
  // Cancelled when the thread has it.
  const account = new HeldAccount(all);
  const late = begin(account);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  late?.cancel();
  account.close();
  const read = await inThread(SELDON_REST, task, [body], new HeldAccount(all));
  assert.deepEqual(read, { kind: 'read', result: 1 });
  assert.equal(all.bytes, 0);
});

test('the event loop goes on while 32 MiB are read', async () => {
  const body = numbers(32 * MIB, ',{"a":1}');
  const account = new HeldAccount(new HeldBytes(256 * MIB));
  const onLoopMs = cpuMs(() => {
    performTask(SELDON_REST, { kind: 'read-route' }, payloads([body]));
  });
  const longestMs = await longestTurnMs(() =>
    inThread(SELDON_REST, { kind: 'read-route' }, [body], account),
  );
  assert.ok(longestMs < onLoopMs / 2, `${longestMs.toFixed(1)} ms of ${onLoopMs.toFixed(1)} ms`);
});
