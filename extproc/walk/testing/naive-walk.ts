// The walk once more, for tests: a plain recursive evaluator, written from the description of Seldon's executor and
// not from the program. It works on text, makes every call itself and keeps what it did.
import type { CallVerb } from '../../../graph/plan/plan.ts';
import { listNodes, type Node } from './fake-units.ts';

/** An answer of the fake world, without encoding. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'failure'; readonly code: string };

export type Ask = (unit: string, verb: CallVerb, text: string) => Reply;

interface Said {
  readonly text: string;
  readonly status: number;
}

export type NaiveResult =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'error'; readonly code: string };

/** `unit verb` → what was sent and which calls must have ended before it began. */
export type NaiveCalls = Map<string, { readonly text: string; readonly after: readonly string[] }>;

class Stop extends Error {
  readonly result: NaiveResult;
  constructor(result: NaiveResult) {
    super('the walk stops');
    this.result = result;
  }
}

interface Body {
  readonly data?: {
    readonly ndarray?: number[][];
    readonly tensor?: { readonly shape: [number, number]; readonly values: number[] };
  };
}

const SIMPLE_DATA = {
  data: {
    names: ['class0', 'class1', 'class2'],
    tensor: { shape: [1, 3], values: [0.1, 0.9, 0.5] },
  },
};

/** What the old engine's SIMPLE_MODEL answers to a message. */
function simpleAnswer(asked: string): string {
  let strData: unknown;
  try {
    ({ strData } = JSON.parse(asked) as { strData?: unknown });
  } catch {
    // Not for it to say.
  }
  return JSON.stringify({
    status: { status: 'SUCCESS' },
    meta: {
      metrics: [
        { key: 'mymetric_counter', type: 'COUNTER', value: 1 },
        { key: 'mymetric_gauge', type: 'GAUGE', value: 100 },
        { key: 'mymetric_timer', type: 'TIMER', value: 22.1 },
      ],
    },
    ...(strData === undefined ? SIMPLE_DATA : { strData }),
  });
}

function rowsOf({ data }: Body): number[][] {
  if (data?.ndarray !== undefined) return data.ndarray;
  if (data?.tensor === undefined) return stop('MERGE_UNUSABLE');
  const { shape, values } = data.tensor;
  return Array.from({ length: shape[0] }, (_, row) =>
    values.slice(row * shape[1], (row + 1) * shape[1]),
  );
}

function stop(code: string): never {
  throw new Stop({ kind: 'error', code });
}

export interface NaiveWalk {
  readonly result: NaiveResult;
  readonly calls: NaiveCalls;
  /** What routers chose, in pre-order. */
  readonly decisions: Readonly<Record<string, number>>;
}

export function walkNaively(root: Node, text: string, draw: number, ask: Ask): NaiveWalk {
  const calls: NaiveCalls = new Map();
  const decided = new Map<string, number>();

  const is = (node: Node, type: string, method: string): boolean =>
    node.builtIn === undefined &&
    (node.type === type || (node.methods ?? []).includes(method as never));

  const call = (node: Node, verb: CallVerb, sent: string, after: readonly string[]): Said => {
    calls.set(`${node.name} ${verb}`, { text: sent, after });
    const reply = ask(node.name, verb, sent);
    if (reply.kind === 'failure') stop(reply.code);
    if (reply.status < 200 || reply.status > 299) throw new Stop(reply);
    return reply;
  };

  const routeOf = (node: Node, message: string, done: string[]): number => {
    const children = node.children ?? [];
    if (is(node, 'ROUTER', 'ROUTE')) {
      const { text: answer } = call(node, 'route', message, [...done]);
      done.push(`${node.name} route`);
      let parsed: { data?: { ndarray?: unknown[][] } };
      try {
        parsed = JSON.parse(answer);
      } catch {
        return stop('ANSWER_NOT_JSON');
      }
      const value = parsed.data?.ndarray?.[0]?.[0];
      if (typeof value !== 'number') stop('ROUTE_UNUSABLE');
      const choice = Math.trunc(value);
      if (choice < -2 || choice >= children.length) stop('ROUTE_OUT_OF_RANGE');
      return choice;
    }
    if (node.builtIn === 'SIMPLE_ROUTER') return 0;
    if (node.builtIn === 'RANDOM_ABTEST') return draw < (node.ratioA ?? 0.5) ? 0 : 1;
    return -1;
  };

  const mean = (answers: readonly Said[]): Said => {
    const bodies = answers.map(({ text: body }) => {
      try {
        return JSON.parse(body) as Body;
      } catch {
        return stop('MERGE_UNUSABLE');
      }
    });
    const rows = bodies.map(rowsOf);
    const shape = (row: number[][]): string => JSON.stringify(row.map((inner) => inner.length));
    for (const row of rows) if (shape(row) !== shape(rows[0] ?? [])) stop('MERGE_UNUSABLE');
    const averaged = rows[0]?.map((row, i) =>
      row.map((_, j) => rows.reduce((sum, each) => sum + (each[i]?.[j] ?? 0), 0) / rows.length),
    );
    const [first] = bodies;
    const { ndarray, tensor } = first?.data ?? {};
    const data =
      ndarray === undefined
        ? { ...first?.data, tensor: { ...tensor, values: averaged?.flat() } }
        : { ...first?.data, ndarray: averaged };
    return { text: JSON.stringify({ ...first, data }), status: answers[0]?.status ?? 200 };
  };

  /** `done`: all calls that must be over by now; grows. */
  const walk = (node: Node, given: Said, done: string[]): Said => {
    const children = node.children ?? [];
    let message = given;
    if (node.builtIn === 'SIMPLE_MODEL') {
      return { text: simpleAnswer(message.text), status: 200 };
    }
    const input = is(node, 'TRANSFORMER', 'TRANSFORM_INPUT')
      ? 'transform-input'
      : node.builtIn === undefined && node.type === 'MODEL'
        ? 'predict'
        : null;
    if (input !== null) {
      message = call(node, input, message.text, [...done]);
      done.push(`${node.name} ${input}`);
    }
    if (children.length > 0) {
      const choice = routeOf(node, message.text, done);
      const decides =
        is(node, 'ROUTER', 'ROUTE') ||
        node.builtIn === 'SIMPLE_ROUTER' ||
        node.builtIn === 'RANDOM_ABTEST';
      if (decides) decided.set(node.name, choice);
      if (choice !== -2) {
        const walked = choice === -1 ? children : [children[choice] as Node];
        const before = [...done];
        const answers: (Said | Stop)[] = [];
        for (const child of walked) {
          const strand = [...before];
          try {
            answers.push(walk(child, message, strand));
          } catch (error) {
            if (!(error instanceof Stop)) throw error;
            answers.push(error);
          }
          done.push(...strand.slice(before.length));
        }
        const stopped = answers.find((each) => each instanceof Stop);
        if (stopped !== undefined) throw stopped;
        const said = answers as Said[];
        if (is(node, 'COMBINER', 'AGGREGATE')) {
          for (const { text: body } of said) {
            try {
              JSON.parse(body);
            } catch {
              stop('ANSWER_NOT_JSON');
            }
          }
          const list = `[${said.map(({ text: body }) => body).join(',')}]`;
          message = call(node, 'aggregate', list, [...done]);
          done.push(`${node.name} aggregate`);
        } else if (node.builtIn === 'AVERAGE_COMBINER') {
          message = mean(said);
        } else {
          message = said[0] as Said;
        }
      }
    }
    if (is(node, 'OUTPUT_TRANSFORMER', 'TRANSFORM_OUTPUT')) {
      message = call(node, 'transform-output', message.text, [...done]);
      done.push(`${node.name} transform-output`);
    }
    return message;
  };

  let result: NaiveResult;
  try {
    result = { kind: 'answer', ...walk(root, { text, status: 200 }, []) };
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
