import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteKind } from '../../graph/plan/plan.ts';
import type { CallResult } from '../contract/calls.ts';
import type { Outcome } from '../contract/exchange.ts';
import { jsonResponse, planOf } from './testing/fake-units.ts';
import { openDesk, ROUTER, serve, short, toB } from './testing/feedback-stand.ts';

test('a request that another worker remembers is recalled there', async () => {
  const asked: string[] = [];
  const released: string[] = [];
  const desk = openDesk({
    ask: (id, puid) => asked.push(`${id} ${puid}`),
    release: (id, puid) => {
      released.push(puid);
      desk.recaller.released(id);
    },
  });
  const { open, calls, units } = serve(planOf(ROUTER), desk);
  const found = (puid: string): void =>
    desk.recaller.answered(asked.length, {
      kind: 'found',
      puid,
      predictor: 'p',
      choices: [{ unit: 'r', children: ['a'], branch: 0 }],
    });
  const first = open('feedback-rest', short('there'));
  assert.deepEqual([asked, calls()], [['1 there'], []]);
  found('there');
  assert.equal((await first.outcome).kind, 'response');
  assert.deepEqual(calls(), ['a send-feedback', 'r send-feedback']);
  assert.deepEqual(released, []);

  open('feedback-rest', short('left')).cancel();
  found('left');
  assert.deepEqual(
    [calls(), released],
    [[], ['left']],
    'its client went away before the others had said it',
  );

  units.answers = () => undefined;
  const hanging = open('feedback-rest', short('hangs'));
  found('hangs');
  assert.deepEqual(calls(), ['a send-feedback']);
  hanging.cancel();
  assert.deepEqual(released, ['left', 'hangs'], 'or before the units had taken it');
  assert.equal(desk.results.failed, 1);
});

/** A desk whose siblings remember what they are asked for and took branch 0, and hear of releases when the test says so. */
function openForeignDesk() {
  const released: number[] = [];
  const desk = openDesk({
    ask: (id, puid) =>
      queueMicrotask(() =>
        desk.recaller.answered(id, {
          kind: 'found',
          puid,
          predictor: 'p',
          choices: [{ unit: 'r', children: [puid === 'gone' ? 'z' : 'a'], branch: 0 }],
        }),
      ),
    release: (id) => released.push(id),
  });
  return { desk, released };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('that a unit did not take it is said when the worker that remembers the request knows', async () => {
  const { desk, released } = openForeignDesk();
  const { open, calls, units } = serve(planOf(ROUTER), desk);
  const grpc = Buffer.from('120712050a036f6e651d0000003f', 'hex');
  const walks: [RouteKind, string | Buffer, CallResult, number][] = [
    ['feedback-rest', short('one'), jsonResponse('{}', 503), 1],
    [
      'feedback-rest',
      short('one'),
      { kind: 'failure', code: 'UNIT_UNREACHABLE', text: 'connection refused' },
      1,
    ],
    ['feedback-grpc', grpc, { ...jsonResponse(''), isOk: false, status: 14 } as CallResult, 1],
    // None of the units is reached.
    ['feedback-rest', short('gone'), jsonResponse('{}'), 0],
  ];
  for (const [at, [kind, text, response, reached]] of walks.entries()) {
    units.answers = () => response;
    const { outcomes } = open(kind, text);
    await turn();
    assert.equal(calls().length, reached, kind);
    assert.equal(released.length, at + 1);
    assert.deepEqual(outcomes, [], 'not before that');
    desk.recaller.released(released.at(-1) ?? 0);
    assert.equal(outcomes.length, 1);
  }
  assert.deepEqual([desk.results.failed, desk.results.route_gone], [3, 1]);
  units.answers = toB;
  const taken = open('feedback-rest', short('one'));
  assert.equal((await taken.outcome).kind, 'response');
  assert.equal(released.length, walks.length, 'what was taken is not released');
});

test('a client that goes away as it waits for that is told nothing, and it is released once', async () => {
  const { desk, released } = openForeignDesk();
  const { open, units } = serve(planOf(ROUTER), desk);
  units.answers = () => jsonResponse('{}', 503);
  for (const puid of ['one', 'gone']) {
    const exchange = open('feedback-rest', short(puid));
    await turn();
    exchange.cancel();
    desk.recaller.released(released.at(-1) ?? 0);
    await turn();
    assert.deepEqual(exchange.outcomes, [], puid);
  }
  assert.equal(released.length, 2);
  assert.equal(desk.results.failed, 1);
});

test('with a response too late it says that the filter is not available', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const desk = openDesk({ ask: () => {}, release: () => {} });
  const { open, calls } = serve(planOf(ROUTER), desk);
  const { outcome } = open('feedback-rest', short('there'));
  context.mock.timers.tick(1000);
  const ended: Outcome = await outcome;
  assert.ok(ended.kind === 'error');
  assert.equal(ended.code, 'FILTER_UNAVAILABLE');
  assert.deepEqual([calls(), desk.results.unavailable], [[], 1]);
});
