// Random graphs and random behaviour of their units: the program against the naive evaluator.
import { unitNameOf } from '../../graph/plan/queries.ts';
import '../../dialects/testing/load-messages.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { CallResult } from '../contract/calls.ts';
import type { CallVerb } from '../../graph/plan/plan.ts';
import type { Outcome } from '../contract/exchange.ts';
import {
  type Asked,
  fakeClient,
  FakeExchange,
  headOf,
  jsonMessage,
  listNodes,
  type Node,
  planOf,
  sameCall,
} from './testing/fake-units.ts';
import {
  callKey,
  type NaiveCalls,
  type NaiveResult,
  type Reply,
  walkNaively,
} from './testing/naive-walk.ts';
import { type Behaviour, graphOf, hash, replyOf, shape } from './testing/random-graph.ts';
import { SPEECHES, type Speech } from './testing/speech.ts';
import type { Routing } from '../../dialects/dialect.ts';
import { compileProgram } from './program.ts';

/** More for a long search: SIDEGRAPH_WALK_RUNS. */
const RUNS = Number(process.env['SIDEGRAPH_WALK_RUNS'] ?? 500);

function resultOf(reply: Reply, packed: 'gzip' | 'deflate' | undefined): CallResult {
  if (reply.kind === 'failure') {
    return { kind: 'failure', code: 'UNIT_RESET', text: 'connection closed' };
  }
  const body = Buffer.from(reply.text);
  const headers = { 'content-type': 'application/json' };
  return {
    kind: 'response',
    isOk: reply.status < 300,
    status: reply.status,
    grpcMessage: '',
    head: headOf(
      reply.status,
      packed === undefined ? headers : { ...headers, 'content-encoding': packed },
    ),
    body: packed === undefined ? body : packed === 'gzip' ? gzipSync(body) : deflateSync(body),
  };
}

function unpack(body: Buffer, encoding: string | undefined): string {
  if (encoding === 'gzip') return gunzipSync(body).toString();
  if (encoding === 'deflate') return inflateSync(body).toString();
  return body.toString();
}

interface Seen {
  readonly text: string;
  readonly began: number;
  ended: number;
}

/** Runs the graph by the program; the last call, if it is Envoy's, is made here. */
async function runProgram(
  speech: Speech,
  graph: Node,
  draw: number,
  behaviour: Behaviour,
  routingInBody: boolean,
): Promise<{ result: NaiveResult; calls: Map<string, Seen>; routing: string }> {
  const calls = new Map<string, Seen>();
  let clock = 0;
  const begin = (asked: Pick<Asked, 'unit' | 'verb' | 'body' | 'contentEncoding'>): Seen => {
    const key = callKey(calls, asked.unit, asked.verb);
    assert.ok(!calls.has(key), `${key} is called once more`);
    const seen: Seen = {
      text: unpack(asked.body, asked.contentEncoding),
      began: clock++,
      ended: -1,
    };
    calls.set(key, seen);
    return seen;
  };
  const plan = planOf(graph, { routingInBody, protocol: speech.protocol });
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(unitNameOf(plan, edge.unit), edge.transport, (asked, done) => {
        const seen = begin(asked);
        const draws = hash(`${behaviour.seed} ${asked.unit} ${asked.verb} way`);
        const packed = draws % 5 === 0 ? 'gzip' : draws % 5 === 1 ? 'deflate' : undefined;
        const reply = replyOf(behaviour, asked.unit, asked.verb, seen.text, speech);
        const answer = (): void => {
          seen.ended = clock++;
          done(
            resultOf(reply, reply.kind === 'response' && reply.text === '' ? undefined : packed),
          );
        };
        if (draws % 3 === 0) answer();
        else if (draws % 3 === 1) queueMicrotask(answer);
        else setImmediate(answer);
      }),
    random: () => draw,
    log: {
      error(fields) {
        throw Object.values(fields)[0];
      },
    },
  });
  const exchange = new FakeExchange(jsonMessage(speech.request));
  program.route('predict-rest')?.handle(exchange);
  const outcome = await exchange.outcome;
  await new Promise(setImmediate);
  assert.equal(exchange.outcomes.length, 1);
  return { result: finish(speech, outcome, begin, behaviour), calls, routing: outcome.routing };
}

function finish(
  speech: Speech,
  outcome: Outcome,
  begin: (asked: Pick<Asked, 'unit' | 'verb' | 'body' | 'contentEncoding'>) => Seen,
  behaviour: Behaviour,
): NaiveResult {
  switch (outcome.kind) {
    case 'error':
      return { kind: 'error', code: outcome.code };
    case 'grpc-error':
      return assert.fail('a REST request ends with a gRPC error');
    case 'response': {
      const { body, contentEncoding } = outcome.message;
      return { kind: 'response', status: outcome.status, text: unpack(body, contentEncoding) };
    }
    case 'tail': {
      const [unit = '', written] = outcome.key.split('/') as [string, CallVerb];
      const verb = sameCall(speech.protocol, written);
      const seen = begin({ unit, verb, ...outcome.message });
      const reply = replyOf(behaviour, unit, verb, seen.text, speech);
      return reply.kind === 'failure' ? { kind: 'error', code: reply.code } : reply;
    }
  }
}

/** The response with every unit's choice in `meta.routing`, as the executor lists them. */
function withRouting(
  result: NaiveResult,
  calls: NaiveCalls,
  graph: Node,
  decisions: Routing,
): unknown {
  if (result.kind === 'error') return result;
  if (result.status > 299 || !result.text.startsWith('{')) return result;
  const routing: Record<string, number> = {};
  for (const node of listNodes(graph)) {
    const { name } = node;
    const called = calls.has(`${name} predict`) || calls.has(`${name} transform-input`);
    // Whether a unit that makes no call was passed is not seen from outside; see the test of the listing.
    if (name in decisions) routing[name] = decisions[name] as number;
    else if (called) routing[name] = -1;
  }
  const body = JSON.parse(result.text) as { meta?: object };
  return { ...result, body: { ...body, meta: { ...body.meta, routing } } };
}

/** The same of what the program answered, without the units that make no call. */
function seenRouting(result: NaiveResult, expected: unknown): unknown {
  if (result.kind === 'error' || result.status > 299 || !result.text.startsWith('{')) return result;
  const body = JSON.parse(result.text) as { meta: { routing: Record<string, number> } };
  const listed = (expected as { body: typeof body }).body.meta.routing;
  const routing: Record<string, number> = {};
  for (const [name, choice] of Object.entries(body.meta.routing)) {
    if (name in listed || choice !== -1) routing[name] = choice;
  }
  const text = (expected as { text: string }).text;
  return { ...result, text, body: { ...body, meta: { ...body.meta, routing } } };
}

async function compare(
  speech: Speech,
  graph: Node,
  behaviour: Behaviour,
  draw: number,
  routingInBody: boolean,
): Promise<void> {
  const naive = walkNaively(
    graph,
    speech.request,
    draw,
    (unit, verb, sent) => replyOf(behaviour, unit, verb, sent, speech),
    speech,
  );
  const ran = await runProgram(speech, graph, draw, behaviour, routingInBody);
  if (routingInBody) {
    const expected = withRouting(naive.result, naive.calls, graph, naive.decisions);
    assert.deepEqual(seenRouting(ran.result, expected), expected);
  } else {
    assert.deepEqual(ran.result, naive.result);
  }
  assert.deepEqual([...ran.calls.keys()].toSorted(), [...naive.calls.keys()].toSorted());
  for (const [key, { text, after }] of naive.calls) {
    const seen = ran.calls.get(key);
    assert.equal(seen?.text, text, key);
    for (const before of after) {
      const ended = ran.calls.get(before)?.ended ?? Infinity;
      assert.ok(ended < (seen?.began ?? -1), `${before} before ${key}`);
    }
  }
  const decisions = JSON.stringify(naive.decisions);
  assert.equal(ran.routing, decisions === '{}' ? '' : decisions);
}

for (const speech of SPEECHES) {
  const { protocol } = speech;
  // Only Seldon's messages have a place for it.
  const inBody = protocol === 'seldon' ? fc.boolean() : fc.constant(false);
  test(`the program calls the same ${protocol} units with the same messages, and answers the same, as a naive walk`, async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.record({ seed: fc.integer(), faulty: fc.constantFrom(0, 0, 5, 20) }),
        fc.constantFrom(0, 0.29, 0.4, 0.99),
        inBody,
        (drawn, behaviour, draw, routingInBody) =>
          compare(speech, graphOf(drawn, protocol), behaviour, draw, routingInBody),
      ),
      { numRuns: RUNS },
    );
  });
}
