// Lines of operations whose units answer when a test says so: branches side by side, faults, clients that fail.
import { unitNameOf } from '../../graph/plan/queries.ts';
import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallResult } from '../contract/calls.ts';
import { compileProgram } from './program.ts';
import {
  fakeClient,
  FakeExchange,
  jsonResponse,
  jsonMessage,
  type Node,
  planOf,
  type Respond,
} from './testing/fake-units.ts';

const A: Node = { name: 'a', type: 'MODEL' };
const B: Node = { name: 'b', type: 'MODEL' };
const COMBINER: Node = { name: 'c', type: 'COMBINER', children: [A, B] };

interface Running {
  readonly exchange: FakeExchange;
  /** By unit: answers its pending call. */
  readonly pending: Map<string, (result: CallResult) => void>;
  readonly logged: object[];
}

function start(graph: Node, respond?: Respond): Running {
  const pending = new Map<string, (result: CallResult) => void>();
  const logged: object[] = [];
  const plan = planOf(graph);
  const keep: Respond = ({ unit }, done) => void pending.set(unit, done);
  const program = compileProgram(plan, {
    clientFor: (edge) => fakeClient(unitNameOf(plan, edge.unit), edge.transport, respond ?? keep),
    random: () => 0,
    log: { error: (fields) => void logged.push(fields) },
  });
  const exchange = new FakeExchange(jsonMessage('{}'));
  program.route('predict-rest')?.handle(exchange);
  return { exchange, pending, logged };
}

test('a line waits for all its branches, and the first fault in the order of the children counts', () => {
  const { exchange, pending } = start(COMBINER);
  pending.get('b')?.(jsonResponse('{"by":"b"}', 503));
  assert.equal(exchange.outcomes.length, 0, 'a has not answered');
  pending.get('a')?.(jsonResponse('{"by":"a"}', 418));
  const [outcome] = exchange.outcomes;
  assert.ok(outcome?.kind === 'response');
  assert.equal(outcome.status, 418);
});

test('branches that answer in another order are joined in the order of the children', () => {
  const { exchange, pending } = start(COMBINER);
  pending.get('b')?.(jsonResponse('"b"'));
  pending.get('a')?.(jsonResponse('"a"'));
  const [outcome] = exchange.outcomes;
  assert.ok(outcome?.kind === 'tail');
  assert.equal(outcome.message.body.toString(), '["a","b"]');
});

test('the last call of a branch is never handed to Envoy', () => {
  const chain: Node = { ...A, children: [B] };
  const { exchange, pending } = start({ ...COMBINER, children: [chain, { ...B, name: 'd' }] });
  pending.get('d')?.(jsonResponse('1'));
  pending.get('a')?.(jsonResponse('2'));
  assert.equal(exchange.outcomes.length, 0);
  assert.ok(pending.has('b'), 'the filter calls it');
});

test('a client that throws ends the walk with INTERNAL, which the log explains', () => {
  const { exchange, logged } = start({ ...A, children: [B] }, () => {
    throw new Error('a bug');
  });
  const [outcome] = exchange.outcomes;
  assert.ok(outcome?.kind === 'error');
  assert.equal(outcome.code, 'INTERNAL');
  assert.equal(logged.length, 1);
});

test('a response that comes twice, or after the client has gone, is dropped', () => {
  const twice = start({ ...A, children: [B] });
  twice.pending.get('a')?.(jsonResponse('{}'));
  twice.pending.get('a')?.(jsonResponse('{}'));
  assert.equal(twice.exchange.outcomes.length, 1);
  const gone = start({ ...A, children: [B] });
  gone.exchange.cancel();
  gone.pending.get('a')?.(jsonResponse('{}'));
  assert.equal(gone.exchange.outcomes.length, 0);
});
