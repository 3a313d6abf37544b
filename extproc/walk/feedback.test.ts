import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallResult } from '../contract/calls.ts';
import { noResults } from '../feedback/results.ts';
import type { MemoryStore } from '../policies/memory-store.ts';
import type { FeedbackDesk } from './context.ts';
import { jsonResponse, type Node, planOf } from './testing/fake-units.ts';
import {
  A,
  type Answers,
  B,
  openDesk,
  ROUTER,
  serve,
  short,
  toB,
} from './testing/feedback-stand.ts';

function countsOf({ totals }: FeedbackDesk): Record<string, readonly number[]> {
  return Object.fromEntries(
    totals
      .units()
      .map(({ labels, feedback, reward, penalty }) => [
        labels['model_name'],
        [feedback, reward, penalty],
      ]),
  );
}

test('feedback by puid reaches the units that served the request, as if its routing had been sent back', async () => {
  const desk = openDesk();
  const { predict, feedback } = serve(planOf(ROUTER), desk);
  assert.equal((await predict('one')).kind, 'tail');
  const { outcome, calls } = await feedback('{"puid":"one","reward":0.80,"truth":{}}');
  const given = '{"response":{"meta":{"puid":"one","routing":{"r":1}}},"reward":0.80,"truth":{}}';
  assert.deepEqual(calls, [`b send-feedback ${given}`, `r send-feedback ${given}`]);
  assert.equal(outcome.kind, 'response', 'its end has to be seen, so Envoy makes no call of it');
  assert.deepEqual(countsOf(desk), { r: [1, 0.8, 0], a: [0, 0, 0], b: [1, 0.8, 0] });
  assert.equal(desk.results.given, 1);
});

test('a second feedback is a duplicate, unless the units did not take the first', async () => {
  const desk = openDesk();
  const { predict, feedback, units } = serve(planOf(ROUTER), desk);
  await predict('one');
  units.answers = ({ unit }) => jsonResponse('{}', unit === 'r' ? 503 : 200);
  const failed = await feedback(short('one'));
  assert.ok(failed.outcome.kind === 'response');
  assert.equal(failed.outcome.status, 503);
  assert.deepEqual(countsOf(desk)['b'], [0, 0, 0]);
  units.answers = toB;
  assert.equal((await feedback(short('one', -1))).end, 'response');
  const again = await feedback(short('one'));
  assert.equal(again.end, 'FEEDBACK_DUPLICATE');
  assert.deepEqual(again.calls, []);
  assert.deepEqual(countsOf(desk)['b'], [1, 0, 1]);
  const { failed: failures, given, duplicate } = desk.results;
  assert.deepEqual([failures, given, duplicate], [1, 1, 1]);
});

test('what is unknown, expired or not in order reaches nobody', async () => {
  const desk = openDesk();
  const { predict, feedback } = serve(planOf(ROUTER), desk);
  await predict('old');
  desk.time.ms += 1000;
  const ends: [string, string][] = [
    [short('old'), 'FEEDBACK_EXPIRED'],
    [short('other'), 'FEEDBACK_UNKNOWN'],
    ['{"puid":"old","reward":"1"}', 'FEEDBACK_MALFORMED'],
    [`{"puid":"${'x'.repeat(300)}"}`, 'FEEDBACK_MALFORMED'],
    ['{"response":{"meta":{"puid":"other"}}}', 'FEEDBACK_UNKNOWN'],
  ];
  for (const [text, code] of ends) {
    const { end, calls } = await feedback(text);
    assert.equal(end, code, text);
    assert.deepEqual(calls, [], text);
  }
  const { expired, unknown, malformed } = desk.results;
  assert.deepEqual([expired, unknown, malformed], [1, 2, 2]);
  assert.deepEqual(countsOf(desk)['r'], [0, 0, 0]);
});

test("Seldon's form and routing that was sent back need no memory, and their last call is Envoy's", async () => {
  const desk = openDesk();
  const { predict, feedback } = serve(planOf(ROUTER), desk);
  await predict('one');
  const whole = '{"response":{"meta":{"puid":"one"},"strData":""},"reward":1}';
  const toAll = await feedback(whole);
  assert.equal(toAll.end, 'tail');
  assert.deepEqual(toAll.calls, [`a send-feedback ${whole}`, `b send-feedback ${whole}`]);
  const header = { 'seldon-routing': '{"r":0}' };
  const { end, calls } = await feedback(short('other'), header);
  assert.equal(end, 'tail');
  assert.deepEqual(calls, [
    'a send-feedback {"response":{"meta":{"puid":"other","routing":{"r":0}}},"reward":1}',
  ]);
  assert.deepEqual(desk.results, noResults());
  assert.deepEqual(countsOf(desk), { r: [2, 2, 0], a: [2, 2, 0], b: [1, 1, 0] });
  assert.equal((await feedback(short('one'))).end, 'response', 'it is remembered all the same');
});

test('where nothing is chosen, a puid is enough', async () => {
  const desk = openDesk();
  desk.memory.limit(undefined, 1);
  const chain: Node = { name: 't', type: 'TRANSFORMER', children: [A] };
  const { end, calls } = await serve(planOf(chain), desk).feedback(short('any'));
  assert.equal(end, 'response');
  assert.deepEqual(calls, ['a send-feedback {"response":{"meta":{"puid":"any"}},"reward":1}']);
});

test('where Envoy draws, nothing is remembered, and the client is told so', async () => {
  const desk = openDesk();
  const drawn: Node = { name: 'r', builtIn: 'RANDOM_ABTEST', ratioA: 0.5, children: [A, B] };
  const plan = planOf(drawn);
  assert.equal(plan.routes['predict-rest'].kind, 'native');
  const { feedback } = serve(plan, desk);
  const { end, calls } = await feedback(short('any'));
  assert.equal(end, 'FEEDBACK_NOT_REMEMBERED');
  assert.deepEqual(calls, []);
  assert.equal(desk.results.not_remembered, 1);
  assert.equal((await feedback(short('any'), { 'seldon-routing': '{"r":1}' })).end, 'response');
});

test('built-in routers of a walk are remembered, and all children of a fan-out', async () => {
  const desk = openDesk();
  const drawn: Node = { name: 'd', builtIn: 'RANDOM_ABTEST', ratioA: 0.5, children: [A, B] };
  const one = serve(planOf({ name: 't', type: 'TRANSFORMER', children: [drawn] }), desk);
  await one.predict('drawn');
  assert.deepEqual((await one.feedback(short('drawn'))).calls, [
    'a send-feedback {"response":{"meta":{"puid":"drawn","routing":{"d":0}}},"reward":1}',
  ]);
  const all = serve(planOf(ROUTER), desk, ({ verb }) =>
    jsonResponse(verb === 'route' ? '[-1]' : '{}'),
  );
  await all.predict('all');
  const { calls } = await all.feedback(short('all'));
  assert.deepEqual(
    calls.map((call) => call.split(' ')[0]),
    ['a', 'b', 'r'],
  );
});

test('a request that failed is not remembered', async () => {
  const desk = openDesk();
  const refusing: Answers = () => jsonResponse('{}', 500);
  const { predict, feedback } = serve(planOf(ROUTER), desk, refusing);
  await predict('failed');
  assert.equal((await feedback(short('failed'))).end, 'FEEDBACK_UNKNOWN');
});

test('after a swap of plans feedback goes to the same units, or says that they are gone', async () => {
  const desk = openDesk();
  const before = serve(planOf(ROUTER), desk);
  for (const puid of ['moved', 'removed', 'kept']) await before.predict(puid);
  const moved = serve(planOf({ ...ROUTER, children: [B, A] }), desk);
  const removed = serve(planOf({ ...ROUTER, children: [A, { name: 'c', type: 'MODEL' }] }), desk);
  before.program.close();
  const { calls } = await moved.feedback(short('moved'));
  assert.match(calls[0] ?? '', /^b send-feedback .*"routing":\{"r":0\}/);
  const gone = await removed.feedback(short('removed'));
  assert.deepEqual([gone.end, gone.calls], ['FEEDBACK_ROUTE_GONE', []]);
  assert.ok(gone.outcome.kind === 'error');
  assert.equal(gone.outcome.info, 'unit "r" has no child "b"');
  assert.equal(desk.results.route_gone, 1);
  assert.equal((await moved.feedback(short('removed'))).end, 'response', 'it was given to nobody');
});

test('feedback that comes to another predictor goes to the units of the one that served', async () => {
  const desk = openDesk();
  const served = serve({ ...planOf(ROUTER), predictor: 'q' }, desk);
  const other = serve(planOf({ name: 'x', type: 'TRANSFORMER', children: [A] }), desk);
  await served.predict('one');
  const { end, calls } = await other.feedback(short('one'));
  assert.equal(end, 'response');
  assert.deepEqual(calls, []);
  assert.deepEqual(served.calls(), ['r route', 'b send-feedback', 'r send-feedback']);
  await served.predict('two');
  served.program.close();
  const gone = await other.feedback(short('two'));
  assert.equal(gone.end, 'FEEDBACK_ROUTE_GONE');
  assert.deepEqual(gone.calls, []);
});

test("a shadow's copy of a feedback takes nothing away from it, and is not counted", async () => {
  const desk = openDesk();
  const served = serve(planOf(ROUTER), desk);
  const { feedbackMemory, ...plan } = planOf(ROUTER);
  assert.ok(feedbackMemory !== undefined);
  const shadow = serve({ ...plan, predictor: 's', isShadow: true }, desk);
  const chain: Node = { name: 't', type: 'TRANSFORMER', children: [A] };
  const shadowChain = serve({ ...planOf(chain), predictor: 's', isShadow: true }, desk);
  await served.predict('one');
  const before = { ...desk.results };
  const copy = await shadow.feedback(short('one'));
  assert.deepEqual([copy.end, copy.calls], ['FEEDBACK_NOT_REMEMBERED', []]);
  const inAll = await shadowChain.feedback(short('one'));
  assert.deepEqual(
    inAll.calls.map((call) => call.split(' {')[0]),
    ['a send-feedback'],
    'it is for all units of a graph that chooses nothing',
  );
  assert.deepEqual(desk.results, before);
  assert.equal((await served.feedback(short('one'))).end, 'response');
  assert.equal(desk.results.given, before.given + 1);
});

test('feedback of a predictor that is a shadow by now comes back, and counts, as any other', async () => {
  const desk = openDesk();
  const served = serve({ ...planOf(ROUTER), predictor: 'q' }, desk);
  const other = serve(planOf({ name: 'x', type: 'TRANSFORMER', children: [A] }), desk);
  await served.predict('one');
  await served.predict('two');
  served.program.close();
  const asShadow = { predictor: 'q', isShadow: true } as const;
  const shadow = serve({ ...planOf(ROUTER), ...asShadow }, desk);
  assert.equal((await other.feedback(short('one'))).end, 'response');
  assert.equal(desk.results.given, 1);
  shadow.units.answers = () => jsonResponse('{}', 503);
  await other.feedback(short('two'));
  assert.equal(desk.results.failed, 1);
  shadow.program.close();
  serve({ ...planOf({ ...ROUTER, children: [A] }), ...asShadow }, desk);
  for (const count of [1, 2]) {
    assert.equal((await other.feedback(short('two'))).end, 'FEEDBACK_ROUTE_GONE');
    assert.equal(desk.results.route_gone, count);
  }
});

test('over gRPC a response with its puid alone is enough', async () => {
  const desk = openDesk();
  const grpc: Answers = ({ verb }) =>
    ({
      ...jsonResponse(''),
      status: 0,
      // A tensor of the one value 1.
      body:
        verb === 'route'
          ? Buffer.from('1a10120e0a0201011208000000000000f03f', 'hex')
          : Buffer.alloc(0),
    }) as CallResult;
  const { open, feedback } = serve(planOf(ROUTER), desk, grpc);
  await open('predict-grpc', '', { 'seldon-puid': 'one' }).outcome;
  // Feedback{response{meta{puid: "one"}}, reward: 0.5}
  const text = Buffer.from('120712050a036f6e65' + '1d0000003f', 'hex');
  const { end, calls } = await feedback(text, {}, 'feedback-grpc');
  assert.equal(end, 'response');
  assert.deepEqual(
    calls.map((call) => call.split(' ').slice(0, 2)),
    [
      ['b', 'send-feedback'],
      ['r', 'send-feedback'],
    ],
  );
  assert.deepEqual(countsOf(desk)['b'], [1, 0.5, 0]);
  assert.equal((await feedback(text, {}, 'feedback-grpc')).end, 'FEEDBACK_DUPLICATE');
});

const LEARNER: Node = {
  name: 'l',
  builtIn: 'EPSILON_GREEDY',
  parameters: [
    { name: 'epsilon', type: 'FLOAT', value: '0' },
    { name: 'best_branch', type: 'INT', value: '0' },
  ],
  children: [A, B],
};

const known = ({ states }: ReturnType<typeof openDesk>): string[] =>
  (states as MemoryStore)
    .list()
    .map(({ unit, child, tries, successes }) => `${unit} ${child} ${tries} ${successes}`);

test('a built-in that learns is taught by feedback, which goes to its children and makes no call of its own', async () => {
  const desk = openDesk();
  const { predict, feedback, calls } = serve(planOf(LEARNER), desk);
  const first = await predict('one');
  assert.deepEqual([first.kind, first.routing], ['tail', '{"l":0}']);
  assert.deepEqual(calls(), [], 'a choice costs no call');
  const given = await feedback(short('one', 0));
  assert.deepEqual(
    given.calls.map((call) => call.split(' {')[0]),
    ['a send-feedback'],
  );
  const rows = '{"data":{"ndarray":[[1],[2],[3],[4]]}}';
  const routed = await feedback(
    `{"request":${rows},"response":{"meta":{"routing":{"l":1}}},"reward":0.5}`,
  );
  assert.deepEqual(
    routed.calls.map((call) => call.split(' {')[0]),
    ['b send-feedback'],
  );
  assert.deepEqual(known(desk), ['default/d/p/l a 1 0', 'default/d/p/l b 4 2']);
  assert.deepEqual((await predict('two')).routing, '{"l":1}');
});

test('a built-in learns once, and only what the units have taken', async () => {
  const desk = openDesk();
  const { predict, feedback, units } = serve(planOf(LEARNER), desk);
  await predict('one');
  units.answers = () => jsonResponse('{}', 503);
  await feedback(short('one'));
  assert.deepEqual(known(desk), []);
  units.answers = toB;
  await feedback(short('one'));
  assert.equal((await feedback(short('one'))).end, 'FEEDBACK_DUPLICATE');
  assert.deepEqual(known(desk), ['default/d/p/l a 1 1']);
  assert.deepEqual(desk.lessons, { learned: 1, clamped: 0, ignored: 0 });
  await feedback('{"reward":1}');
  await feedback('no feedback', { 'seldon-routing': '{"l":0}' });
  assert.deepEqual(desk.lessons, { learned: 1, clamped: 0, ignored: 2 });
});

test('a built-in below a unit that does not take the feedback learns nothing, however its branch is said', async () => {
  const desk = openDesk();
  const { feedback, units } = serve(
    planOf({ ...ROUTER, children: [LEARNER, { name: 'c', type: 'MODEL' }] }),
    desk,
  );
  const routed = '{"response":{"meta":{"routing":{"r":0,"l":1}}},"reward":1}';
  units.answers = ({ unit }) => jsonResponse('{}', unit === 'r' ? 503 : 200);
  const failed = await feedback(routed);
  assert.deepEqual(
    failed.calls.map((call) => call.split(' {')[0]),
    ['b send-feedback', 'r send-feedback'],
  );
  assert.deepEqual(known(desk), []);
  units.answers = toB;
  await feedback(routed);
  assert.deepEqual(known(desk), ['default/d/p/l b 1 1']);
});

test('both transports and the next plan know what was learned, whatever its policy, and the last one takes it along', async () => {
  const desk = openDesk();
  const before = serve(planOf(LEARNER), desk);
  // Feedback{response{meta{routing{"l": 1}}}, reward: 1}
  const message = Buffer.from('120912071a050a016c10011d0000803f', 'hex');
  assert.equal((await before.feedback(message, {}, 'feedback-grpc')).end, 'response');
  assert.equal((await before.predict('one')).routing, '{"l":1}');
  assert.equal((await before.open('predict-grpc', '').outcome).routing, '{"l":1}');
  const after = serve(planOf({ ...LEARNER, children: [B, A] }), desk);
  before.program.close();
  assert.equal((await after.predict('two')).routing, '{"l":0}');
  const sampling: Node = {
    name: 'l',
    builtIn: 'THOMPSON_SAMPLING',
    parameters: [{ name: 'n_branches', type: 'INT', value: '2' }],
    children: [A, B],
  };
  const later = serve(planOf(sampling), desk);
  after.program.close();
  assert.deepEqual(known(desk), ['default/d/p/l b 1 1']);
  later.program.close();
  assert.deepEqual(known(desk), []);
});
