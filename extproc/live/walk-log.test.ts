import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineObservers } from '../contract/call-observer.ts';
import { compileProgram } from '../walk/program.ts';
import {
  FakeExchange,
  fakeHeaders,
  jsonResponse,
  jsonMessage,
  planOf,
} from '../walk/testing/fake-units.ts';
import { MAX_WALKS, WALK_LEASE_MS, WalkLog } from './walk-log.ts';

const PLAN = planOf({
  name: 't',
  type: 'TRANSFORMER',
  children: [{ name: 'm', type: 'MODEL' }],
});

/** A walk of one side call and a tail call, and the log that watches it. */
function watched(): { log: WalkLog; walk: (puid?: string) => Promise<unknown> } {
  const log = new WalkLog();
  const program = compileProgram(PLAN, {
    clientFor: () => ({
      headerForm: 'http1',
      call(_request, done) {
        done(jsonResponse('{"strData":"x"}'));
        return { cancel: () => {} };
      },
      close: () => {},
    }),
    random: () => 0,
    observer: combineObservers([log.prepare(PLAN)]),
    log: { error: assert.fail },
  });
  return {
    log,
    walk: (puid = 'p') => {
      const headers = fakeHeaders({ 'seldon-puid': puid });
      const exchange = new FakeExchange(jsonMessage('{"a":1}'), headers);
      program.route('predict-rest').handle(exchange);
      return exchange.outcome;
    },
  };
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
