// A sample of the random graphs through `sidegraph run` on a real Envoy, with real units: the same calls and the same
// response as the naive evaluator's.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  listNodes,
  type Node,
  verbOf,
  writeNode,
  type Written,
} from '../../extproc/walk/testing/fake-units.ts';
import { walkNaively } from '../../extproc/walk/testing/naive-walk.ts';
import {
  type Behaviour,
  graphOf,
  replyOf,
  shape,
} from '../../extproc/walk/testing/random-graph.ts';
import { SPEECHES, type Speech } from '../../extproc/walk/testing/speech.ts';
import { dialectOf } from '../../dialects/known/dialects.ts';
import { ERRORS, type ErrorCode } from '../../graph/plan/errors.ts';
import { ask } from '../harness/client.ts';
import { runGraph } from '../harness/run.ts';
import { type RestUnit, startRestUnit } from '../harness/unit.ts';

/** Graphs that are served, and requests to each with a behaviour of its own. */
const GRAPHS = Number(process.env['SIDEGRAPH_RANDOM_GRAPHS'] ?? 12);
const BEHAVIOURS = 6;
const SEED = 20_261_123;

/** Draws of Envoy cannot be chosen: every A/B test gets all or nothing. */
function decided(node: Node): Node {
  const { ratioA, children, ...rest } = node;
  return {
    ...rest,
    ...(ratioA === undefined ? {} : { ratioA: Math.round(ratioA) }),
    ...(children === undefined ? {} : { children: children.map(decided) }),
  };
}

function addressed(node: Written, ports: ReadonlyMap<string, number>): object {
  const port = ports.get(node.name);
  return {
    ...node,
    ...(node.implementation === undefined
      ? {
          endpoint: {
            service_host: '127.0.0.1',
            service_port: port,
            httpPort: port,
            grpcPort: port,
          },
        }
      : {}),
    children: node.children.map((child) => addressed(child, ports)),
  };
}

async function serve(speech: Speech, graph: Node, behaviours: readonly Behaviour[]): Promise<void> {
  const { protocol, request } = speech;
  let behaviour: Behaviour = { seed: 0, faulty: 0 };
  /** A call whose connection was cut may be made once more. */
  const calls = new Set<string>();
  const units = new Map<string, RestUnit>();
  for (const { name } of listNodes(graph)) {
    const unit = await startRestUnit((asked, _response, socket) => {
      const verb = verbOf(name, asked.path, 'rest');
      const text = asked.body.toString();
      calls.add(`${name} ${verb} ${text}`);
      const reply = replyOf(behaviour, name, verb, text, speech);
      if (reply.kind === 'response') return { status: reply.status, body: reply.text };
      socket.resetAndDestroy();
      return undefined;
    });
    units.set(name, unit);
  }
  const ports = new Map([...units].map(([name, unit]) => [name, unit.port]));
  const running = await runGraph({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'random', namespace: 'ns' },
    spec: { protocol, predictors: [{ name: 'p', graph: addressed(writeNode(graph), ports) }] },
  });
  try {
    for (const drawn of behaviours) {
      behaviour = drawn;
      calls.clear();
      const naive = walkNaively(
        graph,
        request,
        0.5,
        (unit, verb, sent) => replyOf(drawn, unit, verb, sent, speech),
        speech,
      );
      const { path } = dialectOf(protocol).example;
      const reply = await ask(running.port, { path, body: request });
      const context = JSON.stringify({ graph, drawn, reply: reply.text, naive: naive.result });
      if (naive.result.kind === 'error') {
        assert.equal(reply.headers['sidegraph-error'], naive.result.code, context);
        assert.equal(reply.status, ERRORS[naive.result.code as ErrorCode].status, context);
      } else {
        assert.equal(reply.status, naive.result.status, context);
        assert.equal(reply.text, naive.result.status === 204 ? '' : naive.result.text, context);
      }
      const wanted = new Set(
        [...naive.calls].map(([key, { text }]) => `${key.replace(' again', '')} ${text}`),
      );
      assert.deepEqual(calls, wanted, context);
      const decisions = JSON.stringify(naive.decisions);
      if (reply.status < 300)
        assert.equal(reply.headers['seldon-routing'] ?? '{}', decisions, context);
    }
  } finally {
    await running.stop();
    await Promise.all([...units.values()].map((unit) => unit.close()));
  }
}

describe('random graphs on a real Envoy', () => {
  const speechOf = (at: number): Speech => SPEECHES[at % SPEECHES.length] as Speech;
  const drawnGraphs = fc
    .sample(shape, { numRuns: GRAPHS, seed: SEED })
    .map((drawn, at) => decided(graphOf(drawn, speechOf(at).protocol)));
  const behaviours = fc.sample(
    fc.record({ seed: fc.integer(), faulty: fc.constantFrom(0, 0, 5, 20) }),
    { numRuns: BEHAVIOURS, seed: SEED },
  );
  for (const [at, graph] of drawnGraphs.entries()) {
    const speech = speechOf(at);
    test(`number ${at} of ${listNodes(graph).length} ${speech.protocol} units calls and answers as the naive walk`, async () => {
      await serve(speech, graph, behaviours);
    });
  }
});
