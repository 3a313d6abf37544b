// A stand-in for the world around a walk, for tests and benches: units that answer by a function, an exchange that
// keeps its outcome, a small builder of plans. No sockets.
import { compileDeployment } from '../../../graph/compile/compile-deployment.ts';
import type { Addresses } from '../../../graph/plan/deployment.ts';
import { loadDeployments } from '../../../graph/seldon/load-deployments.ts';
import type { CallVerb, DialectName, Plan, Transport, UnitType } from '../../../graph/plan/plan.ts';
import { DIALECTS, dialectOf } from '../../../dialects/known/dialects.ts';
import { COLLECTED } from '../../contract/bodies.ts';
import type { CallRequest, CallResult, UnitClient } from '../../contract/calls.ts';
import type { Exchange, Outcome, RequestHeaders } from '../../contract/exchange.ts';
import type { ResponseHead, Message } from '../../contract/message.ts';

/** A graph node as a user writes it, as far as the walk cares. */
export interface Node {
  readonly name: string;
  readonly type?: UnitType;
  readonly methods?: readonly Method[];
  readonly builtIn?: string;
  readonly ratioA?: number;
  /** Besides that. */
  readonly parameters?: readonly object[];
  readonly children?: readonly Node[];
}

export type Method =
  | 'TRANSFORM_INPUT'
  | 'TRANSFORM_OUTPUT'
  | 'ROUTE'
  | 'AGGREGATE'
  | 'SEND_FEEDBACK';

/** A node as a manifest has it. */
export interface Written {
  readonly name: string;
  readonly type?: UnitType;
  readonly methods?: readonly Method[];
  readonly implementation?: string;
  readonly parameters?: readonly object[];
  readonly children: readonly Written[];
}

export function writeNode(node: Node): Written {
  const { name, type, methods, builtIn, ratioA } = node;
  const parameters = [
    ...(node.parameters ?? []),
    ...(ratioA === undefined ? [] : [{ name: 'ratioA', type: 'FLOAT', value: String(ratioA) }]),
  ];
  return {
    name,
    ...(type === undefined ? {} : { type }),
    ...(methods === undefined ? {} : { methods }),
    ...(builtIn === undefined ? {} : { implementation: builtIn }),
    ...(parameters.length === 0 ? {} : { parameters }),
    children: (node.children ?? []).map(writeNode),
  };
}

/** The nodes of a graph in pre-order. */
export function listNodes(root: Node): Node[] {
  return [root, ...(root.children ?? []).flatMap(listNodes)];
}

/** The plan of one graph, each unit reachable over both transports. */
export function planOf(
  root: Node,
  setting: { readonly routingInBody?: boolean; readonly protocol?: DialectName } = {},
): Plan {
  const annotations = setting.routingInBody ? { 'sidegraph.io/routing': 'body' } : {};
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd' },
    spec: {
      protocol: setting.protocol ?? 'seldon',
      annotations,
      predictors: [{ name: 'p', graph: writeNode(root) }],
    },
  };
  const nodes = listNodes(root);
  const addresses: Addresses = new Map(
    nodes.map(({ name }, at) => [
      name,
      { host: '127.0.0.1', httpPort: 9000 + at, grpcPort: 9500 + at },
    ]),
  );
  const loaded = loadDeployments(JSON.stringify(manifest), { source: 'test', addresses });
  const [deployment] = loaded.deployments;
  if (deployment === undefined) throw new Error(JSON.stringify(loaded.findings));
  const [predictor] = compileDeployment(deployment, { addresses }).predictors;
  if (predictor === undefined) throw new Error('the deployment has no predictor');
  return predictor.plan;
}

export function headOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ResponseHead {
  return {
    status,
    find: (name) => headers[name],
    entries: () => Object.entries(headers).flat(),
  };
}

/** What a unit is asked, as the fake world sees it. */
export interface Asked {
  readonly unit: string;
  readonly verb: CallVerb;
  readonly transport: Transport;
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** The header block said that the response will be read. */
  readonly readable: boolean;
  readonly replaceable: boolean;
  readonly timeoutMs: number | undefined;
}

export type Respond = (asked: Asked, done: (result: CallResult) => void) => (() => void) | void;

const PLAIN_BLOCK = Buffer.from('readable');
const ANY_BLOCK = Buffer.from('any');

const CALL_VERBS: readonly CallVerb[] = [
  'predict',
  'transform-input',
  'transform-output',
  'route',
  'aggregate',
  'send-feedback',
];

/** The first verb that a unit is asked for on the path, whatever the protocol. */
export function verbOf(unit: string, path: string, transport: Transport): CallVerb {
  for (const { unitPath } of Object.values(DIALECTS)) {
    const found = CALL_VERBS.find((verb) => unitPath(unit, verb, transport) === path);
    if (found !== undefined) return found;
  }
  throw new Error(`no verb has the path ${path}`);
}

/** The first verb whose calls look the same over REST. */
export function sameCall(protocol: DialectName, verb: CallVerb): CallVerb {
  const { unitPath } = dialectOf(protocol);
  const path = unitPath('', verb, 'rest');
  return CALL_VERBS.find((each) => unitPath('', each, 'rest') === path) ?? verb;
}

export function fakeClient(unit: string, transport: Transport, respond: Respond): UnitClient {
  return {
    headerForm: 'http1',
    call(request: CallRequest, done) {
      const { body } = request;
      const cancel = respond(
        {
          unit,
          verb: verbOf(unit, request.path, transport),
          transport,
          body: Buffer.isBuffer(body) ? body : Buffer.concat(body),
          contentType: request.contentType,
          contentEncoding: request.contentEncoding,
          readable: request.headers === PLAIN_BLOCK,
          replaceable: request.replaceable,
          timeoutMs: request.timeoutMs,
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
    find: (name) => headers[name],
    copy: (name, into) => {
      const value = Buffer.from(headers[name] ?? '', 'latin1');
      if (headers[name] === undefined || value.length > into.length) return -1;
      into.set(value);
      return value.length;
    },
    http1Block: (readable) => (readable ? PLAIN_BLOCK : ANY_BLOCK),
    hpackBlock: () => ANY_BLOCK,
    replaceTrace() {},
  };
}

/** An exchange whose outcome is handed to `reply`; `cancel` is the client's going away. */
export class FakeExchange implements Exchange {
  readonly headers: RequestHeaders;
  readonly message: Message;
  readonly outcomes: Outcome[] = [];
  cancelled = false;
  readonly lend = COLLECTED.lend;
  readonly hold = COLLECTED.hold;
  readonly release = COLLECTED.release;
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
    layout: undefined,
    contentEncoding: undefined,
    head: undefined,
  };
}

/** A REST response with a JSON body. */
export function jsonResponse(text: string, status = 200): CallResult {
  return {
    kind: 'response',
    isOk: status >= 200 && status < 300,
    status,
    grpcMessage: '',
    head: headOf(status, { 'content-type': 'application/json' }),
    body: Buffer.from(text),
  };
}
