import { unitNameOf } from '../../graph/plan/queries.ts';
import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallResult } from '../contract/calls.ts';
import type { Outcome } from '../contract/exchange.ts';
import { stringField, bytesField, int32Field } from '../../lib/codecs/protobuf/writer.ts';
import { writeDoubles, writeShape } from '../../dialects/seldon/numbers-proto.ts';
import {
  type Asked,
  fakeClient,
  FakeExchange,
  fakeHeaders,
  headOf,
  type Node,
  planOf,
} from './testing/fake-units.ts';
import { compileProgram } from './program.ts';

const A: Node = { name: 'a', type: 'MODEL' };
const B: Node = { name: 'b', type: 'MODEL' };

function response(body: Buffer, status = 0, grpcMessage = ''): CallResult {
  return { kind: 'response', isOk: status === 0, status, grpcMessage, head: headOf(200), body };
}

function strData(text: string): Buffer {
  return stringField(5, text);
}

function tensor(...values: number[]): Buffer {
  return bytesField(3, bytesField(2, writeShape([1, values.length]), writeDoubles(2, values)));
}

async function run(
  graph: Node,
  responses: (asked: Asked) => CallResult,
  setting: { feedback?: boolean; body?: Buffer; routingInBody?: boolean; routing?: string } = {},
): Promise<{ outcome: Outcome; calls: string[] }> {
  const calls: string[] = [];
  const plan = planOf(graph, { routingInBody: setting.routingInBody ?? false });
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(unitNameOf(plan, edge.unit), edge.transport, (asked, done) => {
        assert.equal(asked.transport, 'grpc');
        calls.push(`${asked.unit} ${asked.verb}`);
        done(responses(asked));
      }),
    random: () => 0,
    log: {
      error(fields) {
        throw Object.values(fields)[0];
      },
    },
  });
  const body = setting.body ?? strData('q');
  const exchange = new FakeExchange(
    {
      body,
      contentType: undefined,
      layout: undefined,
      contentEncoding: undefined,
      head: undefined,
    },
    fakeHeaders(setting.routing === undefined ? {} : { 'seldon-routing': setting.routing }),
  );
  program.route(setting.feedback ? 'feedback-grpc' : 'predict-grpc')?.handle(exchange);
  return { outcome: await exchange.outcome, calls };
}

test('a gRPC chain leaves the last method to Envoy', async () => {
  const { outcome, calls } = await run({ ...A, children: [B] }, () => response(strData('x')));
  assert.deepEqual(calls, ['a predict']);
  assert.ok(outcome.kind === 'tail');
  assert.equal(outcome.key, 'b/predict/grpc');
  assert.equal(outcome.path, '/seldon.protos.Model/Predict');
  assert.deepEqual(outcome.message.body, strData('x'));
  assert.equal(outcome.message.contentType, undefined);
});

test('a gRPC router chooses by a tensor; −2 answers with the message and status 200', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const chosen = await run(graph, () => response(tensor(1)));
  assert.ok(chosen.outcome.kind === 'tail');
  assert.deepEqual([chosen.outcome.key, chosen.outcome.routing], ['b/predict/grpc', '{"r":1}']);
  const back = await run(graph, () => response(tensor(-2)));
  assert.ok(back.outcome.kind === 'response');
  assert.equal(back.outcome.status, 200);
  assert.deepEqual(back.outcome.message.body, strData('q'));
});

test("a unit's gRPC status passes with its message, the first in the order of the children", async () => {
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const { outcome } = await run(graph, ({ unit }) => response(Buffer.alloc(0), 3, `no, ${unit}`));
  assert.ok(outcome.kind === 'grpc-error');
  assert.deepEqual([outcome.grpcStatus, outcome.grpcMessage], [3, 'no, a']);
});

test('a gRPC combiner gets a SeldonMessageList, an average is answered by the filter', async () => {
  const combined = await run({ name: 'c', type: 'COMBINER', children: [A, B] }, ({ unit }) =>
    response(strData(unit)),
  );
  assert.ok(combined.outcome.kind === 'tail');
  const list = Buffer.concat([bytesField(1, strData('a')), bytesField(1, strData('b'))]);
  assert.deepEqual(combined.outcome.message.body, list);
  const averaged = await run(
    { name: 'v', builtIn: 'AVERAGE_COMBINER', children: [A, B] },
    ({ unit }) => response(unit === 'a' ? tensor(1, 2) : tensor(3, 5)),
  );
  assert.ok(averaged.outcome.kind === 'response');
  assert.deepEqual(averaged.outcome.message.body, tensor(2, 3.5));
});

test('routing in the body of a gRPC response is one more meta at its end', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const { outcome } = await run(
    graph,
    ({ verb }) => response(verb === 'route' ? tensor(0) : strData('x')),
    { routingInBody: true },
  );
  assert.ok(outcome.kind === 'response');
  const entry = (name: string, choice: number): Buffer =>
    bytesField(3, stringField(1, name), int32Field(2, choice));
  const meta = bytesField(2, entry('r', 0), entry('a', -1));
  assert.deepEqual(outcome.message.body, Buffer.concat([strData('x'), meta]));
});

test('gRPC feedback follows the routing of the body, then of the metadata', async () => {
  const graph: Node = { name: 'r', type: 'ROUTER', children: [A, B] };
  const routing = bytesField(3, stringField(1, 'r'), int32Field(2, 1));
  const body = bytesField(2, bytesField(2, routing));
  const byBody = await run(graph, () => response(strData('')), {
    feedback: true,
    body,
    routing: '{"r":0}',
  });
  assert.deepEqual(byBody.calls, ['b send-feedback']);
  const byHeader = await run(graph, () => response(strData('')), {
    feedback: true,
    routing: '{"r":0}',
  });
  assert.deepEqual(byHeader.calls, ['a send-feedback']);
  assert.ok(byHeader.outcome.kind === 'tail');
  assert.equal(byHeader.outcome.path, '/seldon.protos.Model/SendFeedback');
  // What came in the metadata is one more response at the end of what the unit gets.
  const asBody = bytesField(3, stringField(1, 'r'), int32Field(2, 0));
  const told = bytesField(2, bytesField(2, asBody));
  assert.deepEqual(byHeader.outcome.message.body, Buffer.concat([strData('q'), told]));
});

test('a unit that the plan gives no address fails its call with a clear error', async () => {
  const plan = planOf({ ...A, children: [B] });
  const program = compileProgram(
    { ...plan, edges: plan.edges.filter((edge) => edge.transport === 'rest') },
    {
      clientFor: (edge) =>
        fakeClient('', edge.transport, () => assert.fail('no unit is reached over gRPC')),
      random: () => 0,
      log: { error() {} },
    },
  );
  const body = strData('q');
  const exchange = new FakeExchange({
    body,
    contentType: undefined,
    layout: undefined,
    contentEncoding: undefined,
    head: undefined,
  });
  program.route('predict-grpc')?.handle(exchange);
  const outcome = await exchange.outcome;
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.code, 'UNIT_UNREACHABLE');
  assert.match(outcome.info, /unit "a" has no grpc address/);
});
