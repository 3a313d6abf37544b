// Seldon's Python wrapper, as far as calls reach it: every path and service whatever the class of its user has, numbers as `ndarray`
// or `tensor` over REST, as `tensor` over gRPC. What it does with a message is the caller's; the arithmetic is the usual one.
import { branchOf, mapNumbers, merge, type Method, numbersIn, step } from './arithmetic.ts';
import type { Message, Methods } from './grpc.ts';
import type { RestResponse, Asked, Handler } from './rest.ts';

/** The numbers of a message, and the message with others in their place. */
interface Numbers {
  readonly values: readonly number[];
  with(values: readonly number[]): object;
}

export interface SeldonUnit {
  readonly name: string;
  readonly image: string;
  /** May call others: a proxy. */
  readonly work: (
    method: Method,
    values: readonly number[],
    over: 'rest' | 'grpc',
  ) => readonly number[] | Promise<readonly number[]>;
  readonly merge: (lists: readonly (readonly number[])[]) => readonly number[];
}

export function arithmeticUnit(key: string, name: string, image: string): SeldonUnit {
  return {
    name,
    image,
    work: (method, values) => values.map((value) => step(method, key, value)),
    merge: (lists) => merge(key, lists),
  };
}

const METHODS: Readonly<Record<string, Method>> = {
  '/predict': 'predict',
  '/api/v1.0/predictions': 'predict',
  '/api/v0.1/predictions': 'predict',
  '/transform-input': 'transform-input',
  '/transform-output': 'transform-output',
};

export function seldonRest(unit: SeldonUnit): Handler {
  return async ({ method, path, body }: Asked): Promise<RestResponse> => {
    if (path === '/health/ping') return { body: 'pong' };
    if (path === '/health/status') return { body: { data: { ndarray: [] }, meta: {} } };
    if (path === '/metadata')
      return { body: { name: unit.name, versions: [unit.image], platform: '' } };
    if (method !== 'POST') return { status: 405, body: { error: `${method} ${path}` } };
    const wanted = METHODS[path];
    const meta = { requestPath: { [unit.name]: unit.image } };
    if (wanted !== undefined) {
      const numbers = readRest(body);
      return {
        body: { ...numbers.with(await unit.work(wanted, numbers.values, 'rest')), meta },
      };
    }
    if (path === '/route')
      return { body: { data: { ndarray: [[branchOf(readRest(body).values)]] }, meta } };
    if (path === '/aggregate') {
      const lists = listOf(body).map(readRest);
      const values = unit.merge(lists.map((each) => each.values));
      return { body: { ...lists[0]?.with(values), meta } };
    }
    if (path === '/send-feedback') return { body: { data: { ndarray: [] }, meta } };
    return { status: 404, body: { error: `no path ${path}` } };
  };
}

export function seldonGrpc(unit: SeldonUnit): Methods {
  const worked =
    (method: Method) =>
    async (request: Message): Promise<Message> => {
      const numbers = readGrpc(request);
      return { ...numbers.with(await unit.work(method, numbers.values, 'grpc')), meta: {} };
    };
  const route = (request: Message): Message => ({
    data: { tensor: { shape: [1, 1], values: [branchOf(readGrpc(request).values)] } },
  });
  const aggregate = (request: Message): Message => {
    const lists = ((request['seldonMessages'] ?? []) as Message[]).map(readGrpc);
    return { ...lists[0]?.with(unit.merge(lists.map((each) => each.values))) };
  };
  const feedback = (): Message => ({ meta: {} });
  const service = 'seldon.protos.';
  return {
    [`${service}Model/Predict`]: worked('predict'),
    [`${service}Model/SendFeedback`]: feedback,
    [`${service}Seldon/Predict`]: worked('predict'),
    [`${service}Generic/TransformInput`]: worked('transform-input'),
    [`${service}Generic/TransformOutput`]: worked('transform-output'),
    [`${service}Generic/Route`]: route,
    [`${service}Generic/Aggregate`]: aggregate,
    [`${service}Transformer/TransformInput`]: worked('transform-input'),
    [`${service}OutputTransformer/TransformOutput`]: worked('transform-output'),
    [`${service}Router/Route`]: route,
    [`${service}Router/SendFeedback`]: feedback,
    [`${service}Combiner/Aggregate`]: aggregate,
  };
}

function readRest(body: unknown): Numbers {
  const { data } = (body ?? {}) as { data?: { ndarray?: unknown; tensor?: Message } };
  if (data?.tensor !== undefined) {
    const { shape, values } = data.tensor as { shape: unknown; values: number[] };
    return { values, with: (others) => ({ data: { tensor: { shape, values: others } } }) };
  }
  if (data?.ndarray === undefined) throw new Error(`no numbers: ${JSON.stringify(body)}`);
  const { ndarray } = data;
  return {
    values: numbersIn(ndarray),
    with: (others) => {
      let next = 0;
      return { data: { names: [], ndarray: mapNumbers(ndarray, () => others[next++] ?? 0) } };
    },
  };
}

function readGrpc(message: Message): Numbers {
  const { data } = message as { data?: { tensor?: { shape?: unknown; values?: number[] } } };
  const { shape = [], values = [] } = data?.tensor ?? {};
  return { values, with: (others) => ({ data: { tensor: { shape, values: others } } }) };
}

/** A combiner gets a list, or an object with one. */
function listOf(body: unknown): unknown[] {
  if (Array.isArray(body)) return body;
  return ((body as { seldonMessages?: unknown[] }).seldonMessages ?? []) as unknown[];
}
