import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineObservers } from '../contract/call-observer.ts';
import { compileProgram } from '../walk/program.ts';
import {
  FakeExchange,
  type Node,
  fakeHeaders,
  jsonResponse,
  jsonMessage,
  planOf,
} from '../walk/testing/fake-units.ts';
import { Copies, CopyRoom } from './copied-body.ts';
import {
  MAX_CAPTURED_BODY_BYTES,
  MAX_CAPTURED_WALK_BYTES,
  MAX_WAITING_CAPTURE_BYTES,
  MAX_WALK_CALLS,
  MAX_WALKS,
} from './limits.ts';
import { WALK_LEASE_MS, WalkLog } from './walk-log.ts';

const PLAN = planOf({
  name: 't',
  type: 'TRANSFORMER',
  children: [{ name: 'm', type: 'MODEL' }],
});

/** A walk of one side call and a tail call, and the log that watches it. */
function watched(): {
  log: WalkLog;
  walk: (puid?: string, body?: string) => Promise<unknown>;
  /** The side call of a request of the id `hangs` gets no response. */
  start: (puid: string, body?: string) => FakeExchange;
} {
  const log = new WalkLog();
  let hangs = false;
  const program = compileProgram(PLAN, {
    clientFor: () => ({
      headerForm: 'http1',
      call(_request, done) {
        if (!hangs) done(jsonResponse('{"strData":"x"}'));
        return { cancel: () => {} };
      },
      close: () => {},
    }),
    random: () => 0,
    observer: combineObservers([log.prepare(PLAN)]),
    log: { error: assert.fail },
  });
  const start = (puid: string, body = '{"a":1}'): FakeExchange => {
    const headers = fakeHeaders({ 'seldon-puid': puid, ':path': '/p?q=1' });
    const exchange = new FakeExchange(jsonMessage(body), headers);
    hangs = puid === 'hangs';
    program.route('predict-rest').handle(exchange);
    return exchange;
  };
  return { log, start, walk: (puid = 'p', body) => start(puid, body).outcome };
}

test('walks are written down from the first ask on, each handed over once', async () => {
  const { log, walk } = watched();
  await walk();
  assert.deepEqual(log.take(), []);
  await walk();
  const [first, ...others] = log.take();
  assert.deepEqual(others, []);
  const [call] = first?.calls ?? [];
  assert.deepEqual([call?.unit, call?.verb, call?.status], ['t', 'transform-input', 200]);
  assert.deepEqual([call?.bytesOut, call?.bytesIn], [7, 15]);
  assert.ok(call !== undefined && call.ms !== null && call.ms >= 0 && call.atMs >= 0);
  assert.deepEqual(first?.predictor, PLAN.predictor);
  assert.deepEqual(first?.tail, { verb: 'predict', bytesOut: 15 }, 'what is left to Envoy');
  assert.deepEqual(log.take(), []);
});

test('a walk whose id is long, which its client chose, is not kept', async () => {
  const { log, walk } = watched();
  log.take();
  await walk('x'.repeat(10_000));
  await walk('short');
  assert.deepEqual(
    log.take().map(({ puid }) => puid),
    ['short'],
  );
});

test('they are bounded, and end when nobody asks any more', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { log, walk } = watched();
  log.take();
  for (let at = 0; at < MAX_WALKS + 20; at++) await walk();
  assert.equal(log.take().length, MAX_WALKS);
  await walk();
  context.mock.timers.tick(WALK_LEASE_MS);
  await walk();
  assert.deepEqual(log.take(), []);
});

test('walks of many calls are bounded by these, and the newest stay', async () => {
  const units = 20;
  let graph: Node = { name: 'm', type: 'MODEL' };
  for (let at = 0; at < units; at++)
    graph = { name: `t${at}`, type: 'TRANSFORMER', children: [graph] };
  const plan = planOf(graph);
  const log = new WalkLog();
  const program = compileProgram(plan, {
    clientFor: () => ({
      headerForm: 'http1',
      call(_request, done) {
        done(jsonResponse('{"strData":"x"}'));
        return { cancel: () => {} };
      },
      close: () => {},
    }),
    random: () => 0,
    observer: combineObservers([log.prepare(plan)]),
    log: { error: assert.fail },
  });
  log.take();
  const count = 2 * Math.ceil(MAX_WALK_CALLS / units);
  for (let at = 0; at < count; at++) {
    const headers = fakeHeaders({ 'seldon-puid': `p${at}` });
    const exchange = new FakeExchange(jsonMessage('{"a":1}'), headers);
    program.route('predict-rest').handle(exchange);
    await exchange.outcome;
  }
  const kept = log.take();
  assert.equal(kept.length, Math.floor(MAX_WALK_CALLS / units));
  assert.equal(kept.at(-1)?.puid, `p${count - 1}`);
});

test('payloads are copied only where they are asked for, and are let go when they are taken', async () => {
  const { log, walk } = watched();
  log.take();
  await walk();
  assert.equal(log.take(true)[0]?.payloads, undefined);
  await walk();
  assert.equal(log.heldBytes, 7 + 15 + 15);
  const payloads = log.take(true)[0]?.payloads;
  assert.equal(log.heldBytes, 0);
  const text = (base64?: string): string => Buffer.from(base64 ?? '', 'base64').toString();
  assert.deepEqual([payloads?.asked.path, payloads?.asked.layout], ['/p?q=1', null]);
  const [call] = payloads?.calls ?? [];
  assert.equal(text(call?.sent.base64), '{"a":1}');
  assert.equal(call?.sent.contentType, 'application/json');
  assert.equal(text(call?.received?.base64), '{"strData":"x"}');
  assert.equal(text(payloads?.tail?.base64), '{"strData":"x"}');
  assert.equal(payloads?.tail?.isCut, false);
});

test('of a long body the beginning is kept, and where there is no room its length', async () => {
  const { log, walk } = watched();
  log.take(true);
  const body = JSON.stringify('x'.repeat(MAX_CAPTURED_BODY_BYTES));
  for (let at = 0; at <= MAX_WAITING_CAPTURE_BYTES / MAX_CAPTURED_BODY_BYTES; at++)
    await walk('p', body);
  assert.ok(log.heldBytes <= MAX_WAITING_CAPTURE_BYTES);
  const walks = log.take(true);
  const [first] = walks[0]?.payloads?.calls ?? [];
  assert.equal(Buffer.from(first?.sent.base64 ?? '', 'base64').length, MAX_CAPTURED_BODY_BYTES);
  assert.deepEqual([first?.sent.isCut, first?.sent.bytes], [true, body.length]);
  const [last] = walks.at(-1)?.payloads?.calls ?? [];
  assert.deepEqual(
    [last?.sent.isCut, last?.sent.bytes, last?.sent.base64],
    [true, body.length, ''],
  );
});

test('copies of one request are bounded', () => {
  const room = new CopyRoom();
  const copies = new Copies(room);
  const head = { contentType: undefined, contentEncoding: undefined };
  const body = Buffer.alloc(MAX_CAPTURED_BODY_BYTES);
  const kept = Array.from({ length: 10 }, () => copies.copy(head, [body])).filter(
    ({ isCut }) => !isCut,
  );
  assert.equal(kept.length, MAX_CAPTURED_WALK_BYTES / MAX_CAPTURED_BODY_BYTES);
  copies.release();
  assert.equal(room.bytes, 0);
});

test('what was copied of a request is let go when its client goes away', () => {
  const { log, start } = watched();
  log.take(true);
  const exchange = start('hangs');
  assert.ok(log.heldBytes > 0);
  exchange.cancel();
  assert.equal(log.heldBytes, 0);
});

test('what nobody fetches is let go', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { log, walk } = watched();
  log.take(true);
  await walk();
  assert.ok(log.heldBytes > 0);
  context.mock.timers.tick(WALK_LEASE_MS);
  assert.equal(log.heldBytes, 0);
});
