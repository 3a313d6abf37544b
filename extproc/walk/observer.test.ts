// What an observer of side calls is told, and that its headers go with the call that they are for.
import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallObserver, combineObservers } from '../contract/call-observer.ts';
import type { CallRequest, CallResult } from '../contract/calls.ts';
import {
  FakeExchange,
  headOf,
  jsonResponse,
  jsonMessage,
  type Node,
  planOf,
} from './testing/fake-units.ts';
import { compileProgram } from './program.ts';

const A: Node = { name: 'a', type: 'MODEL' };
const B: Node = { name: 'b', type: 'MODEL' };
const ROUTED: Node = {
  name: 't',
  type: 'TRANSFORMER',
  children: [{ name: 'r', type: 'ROUTER', children: [A, B] }],
};

interface Seen {
  readonly events: string[];
  readonly observer: CallObserver;
}

/** Writes down what it is told; gives each call a header with its name. */
function noting(): Seen {
  const events: string[] = [];
  return {
    events,
    observer: {
      begin: ({ unitName, verb, transport }, _exchange, message, body) => {
        const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body);
        events.push(`begin ${unitName} ${verb} ${transport} ${message.contentType} ${bytes}`);
        return {
          headers: Buffer.from(`x-call: ${unitName}\r\n`),
          end: (status, result) => events.push(`end ${unitName} ${status} ${result.kind}`),
          cancelled: () => events.push(`cancelled ${unitName}`),
        };
      },
      chose: (unit, choice) => events.push(`chose ${unit} ${choice}`),
      replied: (_exchange, outcome) => events.push(`replied ${outcome.kind} ${outcome.routing}`),
    },
  };
}

function start(
  graph: Node,
  observer: CallObserver | undefined,
  respond: (request: CallRequest, done: (result: CallResult) => void) => void,
): { exchange: FakeExchange; sent: string[] } {
  const sent: string[] = [];
  const program = compileProgram(planOf(graph), {
    clientFor: () => ({
      headerForm: 'http1',
      call(request, done) {
        sent.push(`${request.path} ${request.extra?.toString() ?? 'alone'}`);
        respond(request, done);
        return { cancel() {} };
      },
      close() {},
    }),
    random: () => 0,
    observer,
    log: { error: assert.fail },
  });
  const exchange = new FakeExchange(jsonMessage('{"data":{"ndarray":[[7]]}}'));
  program.route('predict-rest').handle(exchange);
  return { exchange, sent };
}

const answers = (request: CallRequest, done: (result: CallResult) => void): void =>
  done(jsonResponse(request.path === '/route' ? '{"data":{"ndarray":[[1]]}}' : '{"strData":"x"}'));

test('each side call begins and ends, a choice is told after its call, the reply comes last', async () => {
  const { events, observer } = noting();
  const { exchange, sent } = start(ROUTED, observer, answers);
  assert.equal((await exchange.outcome).kind, 'tail');
  assert.deepEqual(events, [
    'begin t transform-input rest application/json {"data":{"ndarray":[[7]]}}',
    'end t 200 response',
    'begin r route rest application/json {"strData":"x"}',
    'end r 200 response',
    'chose 1 1',
    'replied tail {"r":1}',
  ]);
  assert.deepEqual(sent, ['/transform-input x-call: t\r\n', '/route x-call: r\r\n']);
});

test('a combiner is seen with all pieces of what it is sent', async () => {
  const { events, observer } = noting();
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const after: Node = { name: 'o', type: 'OUTPUT_TRANSFORMER', children: [graph] };
  const { exchange } = start(after, observer, answers);
  await exchange.outcome;
  assert.deepEqual(events.slice(4), [
    'begin c aggregate rest application/json [{"strData":"x"},{"strData":"x"}]',
    'end c 200 response',
    'replied tail ',
  ]);
});

test('a failure ends a call with the status that the client is told', async () => {
  const { events, observer } = noting();
  const { exchange } = start(ROUTED, observer, (_request, done) =>
    done({ kind: 'failure', code: 'UNIT_TIMEOUT', text: 'no response' }),
  );
  assert.equal((await exchange.outcome).kind, 'error');
  assert.deepEqual(events.slice(1), ['end t 500 failure', 'replied error ']);
});

test("a unit's error is seen with its own status", async () => {
  const { events, observer } = noting();
  const { exchange } = start(ROUTED, observer, (_request, done) =>
    done({
      kind: 'response',
      isOk: false,
      status: 418,
      grpcMessage: '',
      head: headOf(418, {}),
      body: Buffer.alloc(0),
    }),
  );
  await exchange.outcome;
  assert.deepEqual(events.slice(1), ['end t 418 response', 'replied response ']);
});

test('calls whose client goes away are cancelled, and nothing is replied', () => {
  const { events, observer } = noting();
  const graph: Node = { name: 'c', type: 'COMBINER', children: [A, B] };
  const { exchange } = start(graph, observer, () => {});
  exchange.cancel();
  assert.deepEqual(
    events.filter((event) => !event.startsWith('begin')),
    ['cancelled a', 'cancelled b'],
  );
});

test('several observers are all told, and their headers are sent one after the other', async () => {
  const [one, two] = [noting(), noting()];
  const deaf: CallObserver = { begin: () => undefined };
  const { exchange, sent } = start(
    ROUTED,
    combineObservers([one.observer, deaf, two.observer]),
    answers,
  );
  await exchange.outcome;
  assert.deepEqual(one.events, two.events);
  assert.equal(one.events.length, 6);
  assert.equal(sent[0], '/transform-input x-call: t\r\nx-call: t\r\n');
});

test('a call that nobody watches, and a walk without an observer, send nothing more', async () => {
  for (const observer of [undefined, combineObservers([]), { begin: () => undefined }]) {
    const { exchange, sent } = start(ROUTED, observer, answers);
    await exchange.outcome;
    assert.deepEqual(sent, ['/transform-input alone', '/route alone']);
  }
});
