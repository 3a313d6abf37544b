import { unitNameOf } from '../../graph/plan/queries.ts';
import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Policy, RouteKind } from '../../graph/plan/plan.ts';
import type { CallResponse, CallResult } from '../contract/calls.ts';
import type { Outcome } from '../contract/exchange.ts';
import {
  type Asked,
  fakeClient,
  FakeExchange,
  fakeHeaders,
  headOf,
  jsonResponse,
  jsonMessage,
  type Node,
  planOf,
  type Respond,
} from './testing/fake-units.ts';
import { compileProgram } from './program.ts';

const MODEL = 'MODEL';
const A: Node = { name: 'a', type: MODEL };
const B: Node = { name: 'b', type: MODEL };

interface Setting {
  readonly kind?: RouteKind;
  readonly text?: string;
  readonly routingInBody?: boolean;
  readonly random?: number;
  readonly policy?: Partial<Policy>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Runs one request over REST; calls as `unit verb`. */
async function run(
  graph: Node,
  answers: (asked: Asked) => CallResult,
  setting: Setting = {},
): Promise<{ outcome: Outcome; calls: string[]; asked: Asked[] }> {
  const asked: Asked[] = [];
  const respond: Respond = (each, done) => {
    asked.push(each);
    done(answers(each));
  };
  const compiled = planOf(graph, { routingInBody: setting.routingInBody ?? false });
  const plan = { ...compiled, policy: { ...compiled.policy, ...setting.policy } };
  const program = compileProgram(plan, {
    clientFor: (edge) => fakeClient(unitNameOf(plan, edge.unit), edge.transport, respond),
    random: () => setting.random ?? 0,
    log: {
      error(fields) {
        throw Object.values(fields)[0];
      },
    },
  });
  const exchange = new FakeExchange(
    jsonMessage(setting.text ?? '{"data":{"ndarray":[[1,2]]}}'),
    fakeHeaders(setting.headers),
  );
  program.route(setting.kind ?? 'predict-rest')?.handle(exchange);
  const outcome = await exchange.outcome;
  assert.equal(exchange.outcomes.length, 1);
  return { outcome, calls: asked.map((each) => `${each.unit} ${each.verb}`), asked };
}

function textOf(outcome: Outcome): string {
  assert.ok(outcome.kind === 'response' || outcome.kind === 'tail', JSON.stringify(outcome));
  return outcome.message.body.toString();
}

const echo = (asked: Asked): CallResult => jsonResponse(asked.body.toString());
const routes =
  (text: string) =>
  (asked: Asked): CallResult =>
    asked.verb === 'route' ? jsonResponse(text) : jsonResponse(`{"strData":"${asked.unit}"}`);

test('a chain calls the first model and leaves the last to Envoy', async () => {
  const graph: Node = { ...A, children: [B] };
  const { outcome, calls } = await run(graph, () => jsonResponse('{"x":1}'));
  assert.deepEqual(calls, ['a predict']);
  assert.equal(outcome.kind, 'tail');
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'b/predict/rest');
  assert.equal(outcome.path, '/predict');
  assert.equal(textOf(outcome), '{"x":1}');
  assert.equal(outcome.routing, '');
});

test("a router's choice is the last call, and is told in seldon-routing", async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const { outcome, calls } = await run(graph, routes('{"data":{"ndarray":[1]}}'));
  assert.deepEqual(calls, ['r route']);
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'b/predict/rest');
  assert.equal(outcome.routing, '{"r":1}');
  assert.equal(textOf(outcome), '{"data":{"ndarray":[[1,2]]}}');
});

test('a router that answers −1 sends the request to all children, the first one answers', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const { outcome, calls } = await run(graph, routes('{"data":{"ndarray":[-1]}}'));
  assert.deepEqual(calls, ['r route', 'a predict', 'b predict']);
  assert.equal(outcome.kind, 'response');
  assert.equal(textOf(outcome), '{"strData":"a"}');
  assert.equal(outcome.routing, '{"r":-1}');
});

test('−1 over a single child leaves the last call to Envoy', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A] };
  const { outcome } = await run(graph, routes('{"data":{"ndarray":[-1]}}'));
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'a/predict/rest');
});

test('−2 ends the walk with the message; transform-output of the router still runs', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const plain = await run(graph, routes('{"data":{"ndarray":[-2]}}'), { text: '{"q":1}' });
  assert.deepEqual(plain.calls, ['r route']);
  assert.equal(plain.outcome.kind, 'response');
  assert.equal(textOf(plain.outcome), '{"q":1}');
  const withOutput: Node = { ...graph, methods: ['TRANSFORM_OUTPUT'] };
  const transformed = await run(withOutput, routes('{"data":{"ndarray":[-2]}}'));
  assert.ok(transformed.outcome.kind === 'tail');
  assert.equal(transformed.outcome.key, 'r/transform-output/rest');
});

test('a route out of range is an error that names the unit', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  for (const route of ['[2]', '[-3]']) {
    const { outcome } = await run(graph, routes(route));
    assert.ok(outcome.kind === 'error');
    assert.equal(outcome.code, 'ROUTE_OUT_OF_RANGE');
    assert.match(outcome.info, /"r"/);
  }
});

test('a combiner gets all responses as an array in the order of the children', async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const { outcome, calls, asked } = await run(graph, (each) => jsonResponse(`"${each.unit}"`));
  assert.deepEqual(calls, ['a predict', 'b predict']);
  assert.ok(asked.every((each) => each.readable));
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'c/aggregate/rest');
  assert.equal(textOf(outcome), '["a","b"]');
  assert.equal(outcome.message.contentType, 'application/json');
});

test('a response in gzip is unpacked for a combiner; an unknown encoding is an error', async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const packed = (encoding: string) => (): CallResult => ({
    ...(jsonResponse('') as CallResponse),
    head: headOf(200, { 'content-type': 'application/json', 'content-encoding': encoding }),
    body: gzipSync('{"x":1}'),
  });
  const good = await run(graph, packed('gzip'));
  assert.equal(textOf(good.outcome), '[{"x":1},{"x":1}]');
  for (const encoding of ['zstd', 'br']) {
    const { outcome } = await run(graph, packed(encoding));
    assert.ok(outcome.kind === 'error');
    assert.equal(outcome.code, 'ANSWER_NOT_DECODABLE');
  }
});

test('a child that answers no JSON is named', async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const { outcome } = await run(graph, ({ unit }) => jsonResponse(unit === 'b' ? '{"x":' : '1'));
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.code, 'ANSWER_MALFORMED');
  assert.match(outcome.info, /child "b"/);
});

test("the first failure in the order of the children is the response, with the unit's status and body", async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B, { name: 'd', type: MODEL }] };
  const { outcome, calls } = await run(graph, ({ unit }) =>
    unit === 'a' ? jsonResponse('{}') : jsonResponse(`{"by":"${unit}"}`, unit === 'b' ? 418 : 503),
  );
  assert.deepEqual(calls, ['a predict', 'b predict', 'd predict']);
  assert.ok(outcome.kind === 'response');
  assert.equal(outcome.status, 418);
  assert.equal(textOf(outcome), '{"by":"b"}');
});

test('a failed call is an error with its code that names the unit once', async () => {
  const graph: Node = { ...A, children: [B] };
  for (const [text, info] of [
    [
      'POST http://127.0.0.1:9000/predict: connection refused',
      'unit "a": POST http://127.0.0.1:9000/predict: connection refused',
    ],
    ['unit a (h:9000): connection refused', 'unit a (h:9000): connection refused'],
  ] as const) {
    const code = 'UNIT_UNREACHABLE';
    const { outcome } = await run(graph, () => ({ kind: 'failure', code, text }));
    assert.ok(outcome.kind === 'error');
    assert.deepEqual([outcome.code, outcome.info], [code, info]);
  }
});

test('201 and 204 are successes; 204 passes an empty message', async () => {
  const graph: Node = { ...A, children: [B] };
  const { outcome } = await run(graph, () => jsonResponse('', 204));
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.message.body.length, 0);
});

test('methods on parent and child are called in the documented order', async () => {
  const graph: Node = {
    name: 'pa',
    methods: ['TRANSFORM_INPUT', 'TRANSFORM_OUTPUT', 'ROUTE', 'AGGREGATE'],
    children: [{ name: 'ch', methods: ['TRANSFORM_INPUT', 'TRANSFORM_OUTPUT'] }],
  };
  const { outcome, calls } = await run(graph, (asked) =>
    asked.verb === 'route' ? jsonResponse('{"data":{"ndarray":[-1]}}') : echo(asked),
  );
  assert.deepEqual(calls, [
    'pa transform-input',
    'pa route',
    'ch transform-input',
    'ch transform-output',
    'pa aggregate',
  ]);
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'pa/transform-output/rest');
});

test('an average of two models is answered by the filter', async () => {
  const graph: Node = { name: 'v', builtIn: 'AVERAGE_COMBINER', children: [A, B] };
  const { outcome } = await run(graph, ({ unit }) =>
    jsonResponse(
      `{"meta":{"by":"${unit}"},"data":{"ndarray":[[${unit === 'a' ? '1,2' : '3,4'}]]}}`,
    ),
  );
  assert.ok(outcome.kind === 'response');
  assert.equal(textOf(outcome), '{"meta":{"by":"a"},"data":{"ndarray":[[2,3]]}}');
});

test('RANDOM_ABTEST takes child 0 below ratioA, SIMPLE_ROUTER always', async () => {
  const ab: Node = { name: 'ab', builtIn: 'RANDOM_ABTEST', ratioA: 0.3, children: [A, B] };
  const low = await run(ab, echo, { random: 0.29 });
  const high = await run(ab, echo, { random: 0.3 });
  assert.ok(low.outcome.kind === 'tail' && high.outcome.kind === 'tail');
  assert.deepEqual([low.outcome.key, low.outcome.routing], ['a/predict/rest', '{"ab":0}']);
  assert.deepEqual([high.outcome.key, high.outcome.routing], ['b/predict/rest', '{"ab":1}']);
  const simple = await run({ name: 's', builtIn: 'SIMPLE_ROUTER', children: [A, B] }, echo);
  assert.ok(simple.outcome.kind === 'tail');
  assert.equal(simple.outcome.key, 'a/predict/rest');
});

test('routing in the body lists every unit and leaves no call to Envoy', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const answer = routes('{"data":{"ndarray":[1]}}');
  const { outcome, calls } = await run(graph, answer, { routingInBody: true });
  assert.deepEqual(calls, ['r route', 'b predict']);
  assert.ok(outcome.kind === 'response');
  assert.equal(textOf(outcome), '{"meta":{"routing":{"r":1,"b":-1}},"strData":"b"}');
  assert.equal(outcome.routing, '{"r":1}');
});

test('the client going away cancels every pending call and drops the reply', () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const cancelled: string[] = [];
  const pending: ((result: CallResult) => void)[] = [];
  const plan = planOf(graph);
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(unitNameOf(plan, edge.unit), edge.transport, (asked, done) => {
        pending.push(done);
        return () => cancelled.push(asked.unit);
      }),
    random: () => 0,
    log: { error() {} },
  });
  const exchange = new FakeExchange(jsonMessage('{}'));
  program.route('predict-rest')?.handle(exchange);
  exchange.cancel();
  assert.deepEqual(cancelled, ['a', 'b']);
  for (const done of pending) done(jsonResponse('{}'));
  assert.equal(exchange.outcomes.length, 0);
});

test('feedback follows the routing of the body, children first, and leaves the root to Envoy', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const text = '{"response":{"meta":{"routing":{"r":1,"b":-1}}},"reward":1}';
  const setting: Setting = {
    kind: 'feedback-rest',
    text,
    headers: { 'seldon-routing': '{"r":0}' },
  };
  const { outcome, calls, asked } = await run(graph, echo, setting);
  assert.deepEqual(calls, ['b send-feedback']);
  assert.equal(asked[0]?.replaceable, false);
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'r/send-feedback/rest');
  assert.equal(textOf(outcome), text);
});

test('feedback without routing in the body follows the header, else goes to all', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const kind = 'feedback-rest';
  const byHeader = await run(graph, echo, {
    kind,
    text: '{}',
    headers: { 'seldon-routing': '{"r":0}' },
  });
  assert.deepEqual(byHeader.calls, ['a send-feedback']);
  const toAll = await run(graph, echo, { kind, text: 'no json' });
  assert.deepEqual(toAll.calls, ['a send-feedback', 'b send-feedback']);
  const toNone = await run(graph, echo, {
    kind,
    text: '{"response":{"meta":{"routing":{"r":-2}}}}',
  });
  assert.deepEqual(toNone.calls, []);
});

test('routing that came in the header is written into the feedback that units get', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const kind = 'feedback-rest';
  const headers = { 'seldon-routing': '{"r":1,"other":7,"a":0}' };
  const cases: readonly (readonly [string, string])[] = [
    ['{"reward":1}', '{"response":{"meta":{"routing":{"r":1}}},"reward":1}'],
    [
      '{"response":{"meta":{"puid":"p"}, "data":{}},"reward":1.50}',
      '{"response":{"meta":{"routing":{"r":1},"puid":"p"}, "data":{}},"reward":1.50}',
    ],
    ['{"response":{"meta":{"routing":{}}}}', '{"response":{"meta":{"routing":{"r":1}}}}'],
    ['no json', 'no json'],
  ];
  for (const [text, given] of cases) {
    const { outcome, calls, asked } = await run(graph, echo, { kind, text, headers });
    assert.deepEqual(calls, ['b send-feedback']);
    assert.equal(asked[0]?.body.toString(), given);
    assert.equal(textOf(outcome), given, 'the root gets it too');
  }
  const told = '{"response":{"meta":{"routing":{"r":0}}}}';
  const { asked } = await run(graph, echo, { kind, text: told, headers });
  assert.equal(asked[0]?.body.toString(), told, 'a body that says where it came from stays');
});

test('a root that takes no feedback echoes what the client sent, not what units got', async () => {
  const routing: Node = { name: 'r', builtIn: 'SIMPLE_ROUTER', children: [A] };
  const { outcome, asked } = await run(routing, echo, {
    kind: 'feedback-rest',
    text: '{"reward":1}',
    headers: { 'seldon-routing': '{"r":0}' },
  });
  assert.match(asked[0]?.body.toString() ?? '', /"routing":\{"r":0\}/);
  assert.equal(textOf(outcome), '{"reward":1}');
});

test('a routing that names no child is refused before anybody is called', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  for (const value of ['2', '-3', '"1"', '0.5', 'null']) {
    const text = `{"response":{"meta":{"routing":{"r":${value}}}}}`;
    const { outcome, calls } = await run(graph, echo, { kind: 'feedback-rest', text });
    assert.deepEqual(calls, []);
    assert.ok(outcome.kind === 'error');
    assert.equal(outcome.code, 'FEEDBACK_ROUTING_INVALID');
  }
});

test('a root that takes no feedback echoes it over REST and answers an empty message over gRPC', async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const rest = await run(graph, () => jsonResponse('{"dropped":1}'), { kind: 'feedback-rest' });
  assert.deepEqual(rest.calls, ['a send-feedback', 'b send-feedback']);
  assert.ok(rest.outcome.kind === 'response');
  assert.equal(textOf(rest.outcome), '{"data":{"ndarray":[[1,2]]}}');
  const grpc = await run(graph, () => ({ ...jsonResponse(''), status: 0 }) as CallResult, {
    kind: 'feedback-grpc',
    text: '',
  });
  assert.ok(grpc.outcome.kind === 'response');
  assert.equal(grpc.outcome.message.body.length, 0);
});

test('a call lasts as long as all attempts that Envoy may make; feedback has one', async () => {
  const graph: Node = { name: 't', type: 'TRANSFORMER', children: [A] };
  const policy = { restTimeoutMs: 1000, retries: 2 };
  const predicted = await run(graph, () => jsonResponse('{}'), { policy });
  assert.deepEqual(
    predicted.asked.map(({ timeoutMs }) => timeoutMs),
    [3200],
  );
  const router: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const told = await run(router, () => jsonResponse('{}'), {
    policy,
    kind: 'feedback-rest',
    text: '{"reward":1}',
  });
  assert.ok(told.asked.length > 0);
  assert.ok(told.asked.every(({ timeoutMs }) => timeoutMs === 1000));
});

test('a unit that logs is heard at its entry and its end, over everything below it, and nothing is left to Envoy', async () => {
  const logged: string[] = [];
  const graph: Node = { name: 't', type: 'TRANSFORMER', children: [A] };
  const compiled = planOf(graph);
  const [first, ...others] = compiled.units;
  assert.ok(first !== undefined);
  const logs = { url: 'http://sink/', request: true, response: true, share: 1 };
  const plan = {
    ...compiled,
    units: [{ ...first, logs }, ...others],
    walk: {
      ...compiled.walk,
      mayTail: false,
      children: compiled.walk.children.map((child) => ({ ...child, mayTail: false })),
    },
  };
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(unitNameOf(plan, edge.unit), edge.transport, ({ unit }, done) =>
        done(jsonResponse(`{"strData":"${unit}"}`)),
      ),
    random: () => 0,
    payloads: {
      log: (unit, kind, { body }) =>
        void logged.push(`${plan.units[unit]?.name} ${kind} ${body.toString()}`),
      close: () => void logged.push('closed'),
    },
    log: { error: () => {} },
  });
  const predicted = new FakeExchange(jsonMessage('{"strData":"in"}'));
  program.route('predict-rest')?.handle(predicted);
  assert.equal((await predicted.outcome).kind, 'response');
  const feedback = new FakeExchange(jsonMessage('{"reward":1}'));
  program.route('feedback-rest')?.handle(feedback);
  await feedback.outcome;
  program.close();
  assert.deepEqual(logged, [
    't request {"strData":"in"}',
    't response {"strData":"a"}',
    't feedback {"reward":1}',
    'closed',
  ]);
});
