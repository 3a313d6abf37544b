// The walk once more, for tests: a plain recursive evaluator, written from the description of Seldon's executor and
// not from the program. It works on text, makes every call itself and keeps what it did.
import type { CallVerb } from '../../../graph/plan/plan.ts';
import { listNodes, type Node, sameCall } from './fake-units.ts';
import { type Json, SELDON_SPEECH, type Speech } from './speech.ts';

/** A response of the fake world, without encoding. */
export type Reply =
  | { readonly kind: 'response'; readonly status: number; readonly text: string }
  | { readonly kind: 'failure'; readonly code: string };

export type Ask = (unit: string, verb: CallVerb, text: string) => Reply;

interface Said {
  readonly text: string;
  readonly status: number;
  /** False for what the client said. */
  readonly isResponse: boolean;
}

export type NaiveResult =
  | { readonly kind: 'response'; readonly status: number; readonly text: string }
  | { readonly kind: 'error'; readonly code: string };

/** `unit verb` (and `again` for a second call that looks the same) → what was sent and which calls must have ended before it began. */
export type NaiveCalls = Map<string, { readonly text: string; readonly after: readonly string[] }>;

class Stop extends Error {
  readonly result: NaiveResult;
  constructor(result: NaiveResult) {
    super('the walk stops');
    this.result = result;
  }
}

function stop(code: string): never {
  throw new Stop({ kind: 'error', code });
}

/** The name of a call among those that were made. */
export function callKey(calls: ReadonlyMap<string, unknown>, unit: string, verb: string): string {
  const key = `${unit} ${verb}`;
  return calls.has(key) ? `${key} again` : key;
}

export interface NaiveWalk {
  readonly result: NaiveResult;
  readonly calls: NaiveCalls;
  /** What routers chose, in pre-order. */
  readonly decisions: Readonly<Record<string, number>>;
}

export function walkNaively(
  root: Node,
  text: string,
  draw: number,
  ask: Ask,
  speech: Speech = SELDON_SPEECH,
): NaiveWalk {
  const calls: NaiveCalls = new Map();
  const decided = new Map<string, number>();

  const is = (node: Node, type: string, method: string): boolean =>
    node.builtIn === undefined &&
    (node.type === type || (node.methods ?? []).includes(method as never));

  const call = (node: Node, written: CallVerb, sent: string, done: string[]): Said => {
    const verb = sameCall(speech.protocol, written);
    const key = callKey(calls, node.name, verb);
    calls.set(key, { text: sent, after: [...done] });
    done.push(key);
    const reply = ask(node.name, verb, sent);
    if (reply.kind === 'failure') stop(reply.code);
    if (reply.status < 200 || reply.status > 299) throw new Stop(reply);
    return { ...reply, isResponse: true };
  };

  /** The message as a unit gets it that predicts or transforms. */
  const fit = ({ text: said, isResponse }: Said): string => {
    if (!isResponse) return said;
    const chained = speech.chain(said);
    return 'code' in chained ? stop(chained.code) : chained.text;
  };

  const routeOf = (node: Node, message: string, done: string[]): number => {
    const children = node.children ?? [];
    if (is(node, 'ROUTER', 'ROUTE')) {
      const { text: response } = call(node, 'route', message, done);
      let parsed: Json;
      try {
        parsed = JSON.parse(response) as Json;
      } catch {
        return stop('ANSWER_MALFORMED');
      }
      const value = speech.branchIn(parsed);
      if (typeof value !== 'number') stop('ROUTE_UNUSABLE');
      const choice = Math.trunc(value);
      if (choice < -2 || choice >= children.length) stop('ROUTE_OUT_OF_RANGE');
      return choice;
    }
    if (node.builtIn === 'SIMPLE_ROUTER') return 0;
    // Without feedback, and without curiosity, it stays where it begins: with the last child here.
    if (node.builtIn === 'EPSILON_GREEDY') return children.length - 1;
    if (node.builtIn === 'RANDOM_ABTEST') return draw < (node.ratioA ?? 0.5) ? 0 : 1;
    return -1;
  };

  const mean = (responses: readonly Said[]): Said => {
    const bodies = responses.map(({ text: body }) => {
      try {
        return JSON.parse(body) as Json;
      } catch {
        return stop('MERGE_UNUSABLE');
      }
    });
    const rows = bodies.map((body) => speech.rowsIn(body) ?? stop('MERGE_UNUSABLE'));
    const shape = (row: number[][]): string => JSON.stringify(row.map((inner) => inner.length));
    for (const row of rows) if (shape(row) !== shape(rows[0] ?? [])) stop('MERGE_UNUSABLE');
    const averaged = rows[0]?.map((row, i) =>
      row.map((_, j) => rows.reduce((sum, each) => sum + (each[i]?.[j] ?? 0), 0) / rows.length),
    );
    const [first] = bodies;
    const merged = speech.withRows(first ?? {}, averaged);
    return { text: JSON.stringify(merged), status: responses[0]?.status ?? 200, isResponse: true };
  };

  /** `done`: all calls that must be over by now; grows. */
  const walk = (node: Node, given: Said, done: string[]): Said => {
    const children = node.children ?? [];
    let message = given;
    if (node.builtIn === 'SIMPLE_MODEL') {
      return { text: speech.simpleModel(message.text, node.name), status: 200, isResponse: true };
    }
    const input = is(node, 'TRANSFORMER', 'TRANSFORM_INPUT')
      ? 'transform-input'
      : node.builtIn === undefined && node.type === 'MODEL'
        ? 'predict'
        : undefined;
    if (input !== undefined) {
      message = call(node, input, fit(message), done);
    }
    if (children.length > 0) {
      const choice = routeOf(node, message.text, done);
      const decides =
        is(node, 'ROUTER', 'ROUTE') ||
        node.builtIn === 'SIMPLE_ROUTER' ||
        node.builtIn === 'EPSILON_GREEDY' ||
        node.builtIn === 'RANDOM_ABTEST';
      if (decides) decided.set(node.name, choice);
      if (choice !== -2) {
        const walked = choice === -1 ? children : [children[choice] as Node];
        const before = [...done];
        const responses: (Said | Stop)[] = [];
        for (const child of walked) {
          const strand = [...before];
          try {
            responses.push(walk(child, message, strand));
          } catch (error) {
            if (!(error instanceof Stop)) throw error;
            responses.push(error);
          }
          done.push(...strand.slice(before.length));
        }
        const stopped = responses.find((each) => each instanceof Stop);
        if (stopped !== undefined) throw stopped;
        const said = responses as Said[];
        if (is(node, 'COMBINER', 'AGGREGATE')) {
          for (const { text: body } of said) {
            try {
              JSON.parse(body);
            } catch {
              stop('ANSWER_MALFORMED');
            }
          }
          const list = `[${said.map(({ text: body }) => body).join(',')}]`;
          message = call(node, 'aggregate', list, done);
        } else if (node.builtIn === 'AVERAGE_COMBINER') {
          message = mean(said);
        } else {
          message = said[0] as Said;
        }
      }
    }
    if (is(node, 'OUTPUT_TRANSFORMER', 'TRANSFORM_OUTPUT')) {
      message = call(node, 'transform-output', fit(message), done);
    }
    return message;
  };

  let result: NaiveResult;
  try {
    const said = walk(root, { text, status: 200, isResponse: false }, []);
    result = { kind: 'response', status: said.status, text: said.text };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    result = error.result;
  }
  const decisions: Record<string, number> = {};
  for (const { name } of listNodes(root)) {
    const choice = decided.get(name);
    if (choice !== undefined) decisions[name] = choice;
  }
  return { result, calls, decisions };
}
