// Random graphs and random behaviour of their units: the program against the naive evaluator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { CallResult } from '../calls.ts';
import type { CallVerb } from '../../graph/plan.ts';
import type { Outcome } from '../exchange.ts';
import {
  type Asked,
  fakeClient,
  FakeExchange,
  headOf,
  jsonMessage,
  listNodes,
  type Method,
  type Node,
  planOf,
} from './fake-units.ts';
import { type NaiveCalls, type NaiveResult, type Reply, walkNaively } from './naive-walk.ts';
import type { Routing } from '../seldon/dialect.ts';
import { compileProgram } from './program.ts';

const MAX_UNITS = 12;
/** More for a long search: SIDEGRAPH_WALK_RUNS. */
const RUNS = Number(process.env['SIDEGRAPH_WALK_RUNS'] ?? 500);

interface Shape {
  readonly role: number;
  readonly methods: readonly Method[];
  readonly ratioA: number;
  readonly children: readonly Shape[];
}

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    role: fc.nat(9),
    methods: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Method[]>([]) },
      fc.subarray<Method>(['TRANSFORM_INPUT', 'TRANSFORM_OUTPUT', 'ROUTE', 'AGGREGATE']),
    ),
    ratioA: fc.constantFrom(0, 0.3, 0.5, 1),
    children: fc.oneof(
      { maxDepth: 4, depthSize: 'max', depthIdentifier: 'graph' },
      { weight: 1, arbitrary: fc.constant<Shape[]>([]) },
      {
        weight: 3,
        arbitrary: fc.array(tie('shape') as fc.Arbitrary<Shape>, {
          minLength: 1,
          maxLength: 3,
          size: 'max',
        }),
      },
    ),
  }),
}));

/** The shape as a graph that the checks accept; units are named in pre-order, those above the number are cut. */
function graphOf(root: Shape): Node {
  let units = 0;
  const build = (each: Shape): Node => {
    const name = `u${units++}`;
    const children: Node[] = [];
    for (const child of each.children) if (units < MAX_UNITS) children.push(build(child));
    const count = children.length;
    const methods = each.methods.filter(
      (method) => count > 0 || (method !== 'ROUTE' && method !== 'AGGREGATE'),
    );
    switch (each.role) {
      case 0:
        return { name, type: 'ROUTER', methods, children: count > 0 ? children : [model()] };
      case 1:
        return { name, type: 'COMBINER', methods, children: count > 0 ? children : [model()] };
      case 2:
        return { name, type: 'TRANSFORMER', methods, children };
      case 3:
        return { name, type: 'OUTPUT_TRANSFORMER', methods, children };
      case 4:
        return count > 0
          ? { name, builtIn: 'AVERAGE_COMBINER', children }
          : { name, builtIn: 'SIMPLE_MODEL' };
      case 5:
        if (count > 0) return { name, builtIn: 'SIMPLE_ROUTER', children };
        break;
      case 6: {
        if (count !== 2) break;
        return { name, builtIn: 'RANDOM_ABTEST', ratioA: each.ratioA, children };
      }
      case 7:
        if (methods.length > 0) return { name, methods, children };
    }
    return { name, type: 'MODEL', methods, children };
  };
  const model = (): Node => ({ name: `u${units++}`, type: 'MODEL' });
  return build(root);
}

/** How each unit behaves, drawn by `unit verb`. */
interface Behaviour {
  readonly seed: number;
  /** Share of calls that fail, percent. */
  readonly faulty: number;
}

function hash(text: string): number {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return state >>> 0;
}

function replyOf(behaviour: Behaviour, unit: string, verb: CallVerb, text: string): Reply {
  const key = hash(`${behaviour.seed} ${unit} ${verb}`);
  if (key % 100 < behaviour.faulty) {
    const kind = hash(`${key} fault`) % 5;
    if (kind === 0) return { kind: 'failure', code: 'UNIT_RESET' };
    if (kind === 1) return { kind: 'answer', status: 503, text: `{"by":"${unit}"}` };
    if (kind === 2) return { kind: 'answer', status: 418, text: 'no json' };
    if (kind === 3) return { kind: 'answer', status: 204, text: '' };
    return { kind: 'answer', status: 200, text: '{"strData":"x"}' };
  }
  if (verb === 'route') {
    const routes = ['-2', '-1', '-1', '0', '0', '1', '1.9', '2', '7'];
    const route = routes[hash(`${key} route`) % routes.length];
    return { kind: 'answer', status: 200, text: `{"data":{"names":[],"ndarray":[[${route}]]}}` };
  }
  const of = hash(text);
  const row = of % 7 === 0 ? '[1]' : `[${of % 1000},${(of % 77) / 8}]`;
  const body = `{"by":"${unit} ${verb}","of":${of},"data":{"names":["a"],"ndarray":[${row}]}}`;
  return { kind: 'answer', status: key % 9 === 0 ? 201 : 200, text: body };
}

function resultOf(reply: Reply, packed: 'gzip' | 'deflate' | null): CallResult {
  if (reply.kind === 'failure') {
    return { kind: 'failure', code: 'UNIT_RESET', text: 'connection closed' };
  }
  const body = Buffer.from(reply.text);
  const headers = { 'content-type': 'application/json' };
  return {
    kind: 'answer',
    ok: reply.status < 300,
    status: reply.status,
    grpcMessage: '',
    head: headOf(
      reply.status,
      packed === null ? headers : { ...headers, 'content-encoding': packed },
    ),
    body: packed === null ? body : packed === 'gzip' ? gzipSync(body) : deflateSync(body),
  };
}

function unpack(body: Buffer, encoding: string | null): string {
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
  graph: Node,
  text: string,
  draw: number,
  behaviour: Behaviour,
  routingInBody: boolean,
): Promise<{ result: NaiveResult; calls: Map<string, Seen>; routing: string }> {
  const calls = new Map<string, Seen>();
  let clock = 0;
  const begin = (asked: Pick<Asked, 'unit' | 'verb' | 'body' | 'contentEncoding'>): Seen => {
    const key = `${asked.unit} ${asked.verb}`;
    assert.ok(!calls.has(key), `${key} is called twice`);
    const seen: Seen = {
      text: unpack(asked.body, asked.contentEncoding),
      began: clock++,
      ended: -1,
    };
    calls.set(key, seen);
    return seen;
  };
  const plan = planOf(graph, { routingInBody });
  const program = compileProgram(plan, {
    clientFor: (edge) =>
      fakeClient(plan.units[edge.unit]?.name ?? '', edge.transport, (asked, done) => {
        const seen = begin(asked);
        const draws = hash(`${behaviour.seed} ${asked.unit} ${asked.verb} way`);
        const packed = draws % 5 === 0 ? 'gzip' : draws % 5 === 1 ? 'deflate' : null;
        const reply = replyOf(behaviour, asked.unit, asked.verb, seen.text);
        const answer = (): void => {
          seen.ended = clock++;
          done(resultOf(reply, reply.kind === 'answer' && reply.text === '' ? null : packed));
        };
        if (draws % 3 === 0) answer();
        else if (draws % 3 === 1) queueMicrotask(answer);
        else setImmediate(answer);
      }),
    random: () => draw,
    now: () => 0,
    log: {
      error(fields) {
        throw Object.values(fields)[0];
      },
    },
  });
  const exchange = new FakeExchange(jsonMessage(text));
  program.route('predict-rest')?.handle(exchange);
  const outcome = await exchange.outcome;
  await new Promise(setImmediate);
  assert.equal(exchange.outcomes.length, 1);
  return { result: finish(outcome, begin, behaviour), calls, routing: outcome.routing };
}

function finish(
  outcome: Outcome,
  begin: (asked: Pick<Asked, 'unit' | 'verb' | 'body' | 'contentEncoding'>) => Seen,
  behaviour: Behaviour,
): NaiveResult {
  switch (outcome.kind) {
    case 'error':
      return { kind: 'error', code: outcome.code };
    case 'grpc-error':
      return assert.fail('a REST request ends with a gRPC error');
    case 'answer': {
      const { body, contentEncoding } = outcome.message;
      return { kind: 'answer', status: outcome.status, text: unpack(body, contentEncoding) };
    }
    case 'tail': {
      const [unit = '', verb] = outcome.key.split('/') as [string, CallVerb];
      const seen = begin({ unit, verb, ...outcome.message });
      const reply = replyOf(behaviour, unit, verb, seen.text);
      return reply.kind === 'failure' ? { kind: 'error', code: reply.code } : reply;
    }
  }
}

/** The answer with every unit's choice in `meta.routing`, as the executor lists them. */
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

const REQUEST = '{"data":{"ndarray":[[1,2]]}}';

async function compare(
  graph: Node,
  behaviour: Behaviour,
  draw: number,
  routingInBody: boolean,
): Promise<void> {
  const naive = walkNaively(graph, REQUEST, draw, (unit, verb, sent) =>
    replyOf(behaviour, unit, verb, sent),
  );
  const ran = await runProgram(graph, REQUEST, draw, behaviour, routingInBody);
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

test('the program calls the same units with the same messages, and answers the same, as a naive walk', async () => {
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.record({ seed: fc.integer(), faulty: fc.constantFrom(0, 0, 5, 20) }),
      fc.constantFrom(0, 0.29, 0.4, 0.99),
      fc.boolean(),
      (drawn, behaviour, draw, routingInBody) =>
        compare(graphOf(drawn), behaviour, draw, routingInBody),
    ),
    { numRuns: RUNS },
  );
});
