// A stand-in for the world around a walk, for tests and benches: units that answer by a function, an exchange that
// keeps its outcome, a small builder of plans. No sockets.
import type {
  BuiltIn,
  CallVerb,
  Plan,
  PlanUnit,
  Policy,
  Step,
  Transport,
  UnitType,
} from '../../graph/plan.ts';
import { GRPC_PATHS, REST_PATHS } from '../../graph/seldon-paths.ts';
import type { CallRequest, CallResult, UnitClient } from '../calls.ts';
import type { Exchange, Outcome, RequestHeaders } from '../exchange.ts';
import type { AnswerHead, Message } from '../message.ts';

/** A graph node as a user writes it, as far as the walk cares. */
export interface Node {
  readonly name: string;
  readonly type?: UnitType;
  readonly methods?: readonly Method[];
  readonly builtIn?: BuiltIn;
  readonly ratioA?: number;
  readonly children?: readonly Node[];
}

export type Method =
  | 'TRANSFORM_INPUT'
  | 'TRANSFORM_OUTPUT'
  | 'ROUTE'
  | 'AGGREGATE'
  | 'SEND_FEEDBACK';

const POLICY: Policy = {
  restTimeoutMs: null,
  grpcTimeoutMs: null,
  deadlineMs: 300_000,
  maxBodyBytes: 1 << 25,
  maxAnswerBytes: 1 << 25,
  grpcMaxMessageBytes: 1 << 25,
  retries: 0,
  perTryTimeoutMs: null,
  routingInBody: false,
  cors: { allowOrigin: '*', allowHeaders: '' },
};

interface Calls {
  readonly input: Step['input'];
  readonly route: boolean;
  readonly aggregate: boolean;
  readonly output: boolean;
  readonly feedback: boolean;
}

/** Which calls a node answers: its type's and its methods'. */
export function callsOf(node: Node): Calls {
  const { type = 'UNKNOWN_TYPE', methods = [], builtIn } = node;
  if (builtIn !== undefined) {
    const input = builtIn === 'SIMPLE_MODEL' ? 'simple-model' : null;
    return { input, route: false, aggregate: false, output: false, feedback: false };
  }
  const transformInput = type === 'TRANSFORMER' || methods.includes('TRANSFORM_INPUT');
  return {
    input: transformInput ? 'transform-input' : type === 'MODEL' ? 'predict' : null,
    route: type === 'ROUTER' || methods.includes('ROUTE'),
    aggregate: type === 'COMBINER' || methods.includes('AGGREGATE'),
    output: type === 'OUTPUT_TRANSFORMER' || methods.includes('TRANSFORM_OUTPUT'),
    feedback: type === 'MODEL' || type === 'ROUTER' || methods.includes('SEND_FEEDBACK'),
  };
}

function verbsOf(calls: Calls, leaf: boolean): CallVerb[] {
  const verbs: CallVerb[] = [];
  if (calls.input === 'predict' || calls.input === 'transform-input') verbs.push(calls.input);
  if (calls.output) verbs.push('transform-output');
  if (calls.route && !leaf) verbs.push('route');
  if (calls.aggregate && !leaf) verbs.push('aggregate');
  if (calls.feedback) verbs.push('send-feedback');
  return verbs;
}

function chooseOf(node: Node, calls: Calls): Step['choose'] {
  if ((node.children ?? []).length === 0) return null;
  if (calls.route) return { kind: 'route' };
  if (node.builtIn === 'SIMPLE_ROUTER') return { kind: 'simple' };
  if (node.builtIn === 'RANDOM_ABTEST') return { kind: 'random', ratioA: node.ratioA ?? 0.5 };
  return { kind: 'all' };
}

/** A plan of one graph, all routes through the filter, each unit reachable over both transports. */
export function planOf(root: Node, policy: Partial<Policy> = {}): Plan {
  const units: PlanUnit[] = [];
  const bound: Policy = { ...POLICY, ...policy };
  const build = (node: Node, parent: number, tailAllowed: boolean): Step => {
    const unit = units.length;
    const children = node.children ?? [];
    const leaf = children.length === 0;
    const calls = callsOf(node);
    const merge =
      node.builtIn === 'AVERAGE_COMBINER' ? 'average' : calls.aggregate ? 'aggregate' : 'first';
    units.push({
      name: node.name,
      type: node.type ?? 'UNKNOWN_TYPE',
      builtIn: node.builtIn ?? null,
      image: '',
      verbs: verbsOf(calls, leaf),
      parent,
    });
    const childTail = tailAllowed && !calls.output && merge === 'first';
    return {
      unit,
      input: calls.input,
      choose: chooseOf(node, calls),
      children: children.map((child) => build(child, unit, childTail)),
      merge,
      output: calls.output,
      feedback: calls.feedback,
      mayTail: tailAllowed,
    };
  };
  const walk = build(root, -1, !bound.routingInBody);
  const graph = { kind: 'graph', reason: 'test' } as const;
  return {
    version: 1,
    hash: '0123456789abcdef',
    deployment: 'd',
    namespace: 'default',
    predictor: 'p',
    predictorVersion: '',
    dialect: 'seldon',
    units,
    edges: units.flatMap((unit, at) =>
      unit.builtIn === null
        ? (['rest', 'grpc'] as const).map((transport) => ({
            unit: at,
            transport,
            host: '127.0.0.1',
            port: 9000 + at,
            via: 'straight' as const,
            reason: 'test',
          }))
        : [],
    ),
    walk,
    routes: {
      'predict-rest': graph,
      'predict-grpc': graph,
      'feedback-rest': graph,
      'feedback-grpc': graph,
    },
    policy: bound,
  };
}

export function headOf(status: number, headers: Readonly<Record<string, string>> = {}): AnswerHead {
  return {
    status,
    find: (name) => headers[name] ?? null,
    entries: () => Object.entries(headers).flat(),
  };
}

/** What a unit is asked, as the fake world sees it. */
export interface Asked {
  readonly unit: string;
  readonly verb: CallVerb;
  readonly transport: Transport;
  readonly body: Buffer;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  /** The header block said that the answer will be read. */
  readonly readable: boolean;
  readonly replaceable: boolean;
}

export type Respond = (asked: Asked, done: (result: CallResult) => void) => (() => void) | void;

const PLAIN_BLOCK = Buffer.from('readable');
const ANY_BLOCK = Buffer.from('any');

export function verbOf(path: string, transport: Transport): CallVerb {
  const paths: Readonly<Record<string, string>> = transport === 'rest' ? REST_PATHS : GRPC_PATHS;
  const found = Object.entries(paths).find(([, each]) => each === path);
  if (found === undefined) throw new Error(`no verb has the path ${path}`);
  return found[0] as CallVerb;
}

export function fakeClient(unit: string, transport: Transport, respond: Respond): UnitClient {
  return {
    headerForm: 'http1',
    call(request: CallRequest, done) {
      const { body } = request;
      const cancel = respond(
        {
          unit,
          verb: verbOf(request.path, transport),
          transport,
          body: Buffer.isBuffer(body) ? body : Buffer.concat(body),
          contentType: request.contentType,
          contentEncoding: request.contentEncoding,
          readable: request.headers === PLAIN_BLOCK,
          replaceable: request.replaceable,
        },
        done,
      );
      return { cancel: cancel ?? (() => {}) };
    },
    close() {},
  };
}

export function fakeHeaders(headers: Readonly<Record<string, string>> = {}): RequestHeaders {
  return {
    find: (name) => headers[name] ?? null,
    http1Block: (readable) => (readable ? PLAIN_BLOCK : ANY_BLOCK),
    hpackBlock: () => ANY_BLOCK,
  };
}

/** An exchange whose outcome is handed to `reply`; `cancel` is the client's going away. */
export class FakeExchange implements Exchange {
  readonly headers: RequestHeaders;
  readonly message: Message;
  readonly outcomes: Outcome[] = [];
  cancelled = false;
  readonly #listeners: (() => void)[] = [];
  readonly #settled: (outcome: Outcome) => void;
  readonly outcome: Promise<Outcome>;

  constructor(message: Message, headers: RequestHeaders = fakeHeaders()) {
    this.message = message;
    this.headers = headers;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#settled = resolve;
  }

  onCancel(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reply(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.#settled(outcome);
  }

  cancel(): void {
    this.cancelled = true;
    for (const listener of this.#listeners) listener();
  }
}

export function jsonMessage(text: string): Message {
  return {
    body: Buffer.from(text),
    contentType: 'application/json',
    contentEncoding: null,
    head: null,
  };
}

/** A REST answer with a JSON body. */
export function jsonAnswer(text: string, status = 200): CallResult {
  return {
    kind: 'answer',
    ok: status >= 200 && status < 300,
    status,
    grpcMessage: '',
    head: headOf(status, { 'content-type': 'application/json' }),
    body: Buffer.from(text),
  };
}
