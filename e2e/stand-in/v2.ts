// A server of the V2 protocol, as MLServer and Triton answer: health, metadata and inference over REST (JSON tensors) and gRPC. A name
// that is not its model's is not found; a server of a whole repository takes any name.
import { status } from '@grpc/grpc-js';
import { GrpcError, type Message, type Methods } from './grpc.ts';
import type { RestResponse, Asked, Handler } from './rest.ts';

export interface V2Model {
  /** Undefined for a repository of models whose names nobody knows. */
  readonly name: string | undefined;
  readonly infer: (values: readonly number[]) => V2Output | Promise<V2Output>;
}

export interface V2Output {
  readonly name: string;
  readonly datatype: 'FP64' | 'BYTES';
  readonly data: readonly (number | string)[];
}

const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(\/ready|\/infer)?$/;

export function v2Rest(model: V2Model): Handler {
  return async ({ method, path, body }: Asked): Promise<RestResponse> => {
    if (path === '/v2/health/live' || path === '/v2/health/ready') return { body: {} };
    if (path === '/v2') return { body: { name: 'stand-in', version: '1', extensions: [] } };
    const [, name = '', verb = ''] = MODEL.exec(path) ?? [];
    if (name === '') return { status: 404, body: { error: 'Not Found' } };
    if (!isServed(model, name)) return { status: 404, body: { error: notFound(name) } };
    if (verb === '/ready') return { body: {} };
    if (verb === '') return { body: { name, versions: [], platform: '', inputs: [], outputs: [] } };
    if (method !== 'POST') return { status: 405, body: { error: 'Method Not Allowed' } };
    const { id, inputs } = body as { id?: string; inputs: { shape: number[]; data: number[] }[] };
    const [input] = inputs;
    if (input === undefined) return { status: 400, body: { error: 'no inputs' } };
    const { data, ...output } = await model.infer(input.data.flat(9) as number[]);
    const shape = output.datatype === 'BYTES' ? [1, data.length] : input.shape;
    const outputs = [{ ...output, shape, data }];
    return { body: { model_name: name, ...(id === undefined ? {} : { id }), outputs } };
  };
}

export function v2Grpc(model: V2Model): Methods {
  const checked = (name: unknown): string => {
    if (isServed(model, String(name ?? ''))) return String(name);
    throw new GrpcError(status.NOT_FOUND, notFound(String(name)));
  };
  const service = 'inference.GRPCInferenceService';
  return {
    [`${service}/ServerLive`]: () => ({ live: true }),
    [`${service}/ServerReady`]: () => ({ ready: true }),
    [`${service}/ModelReady`]: ({ name }) => ({ ready: checked(name) !== '' }),
    [`${service}/ModelMetadata`]: ({ name }) => ({ name: checked(name) }),
    [`${service}/ModelInfer`]: async (request: Message): Promise<Message> => {
      const name = checked(request['model_name']);
      const [input] = (request['inputs'] ?? []) as Tensor[];
      const [raw] = (request['raw_input_contents'] ?? []) as Buffer[];
      if (input === undefined) throw new GrpcError(status.INVALID_ARGUMENT, 'no inputs');
      const values = raw === undefined ? (input.contents?.fp64_contents ?? []) : doubles(raw);
      const { data, ...output } = await model.infer(values);
      const contents =
        output.datatype === 'BYTES'
          ? { bytes_contents: data.map((text) => Buffer.from(String(text))) }
          : { fp64_contents: data };
      const shape = output.datatype === 'BYTES' ? [1, data.length] : input.shape;
      return { model_name: name, id: request['id'], outputs: [{ ...output, shape, contents }] };
    },
  };
}

interface Tensor {
  readonly shape: readonly string[];
  readonly contents?: { readonly fp64_contents?: readonly number[] };
}

function doubles(raw: Buffer): number[] {
  return Array.from({ length: raw.length / 8 }, (_, index) => raw.readDoubleLE(index * 8));
}

function isServed({ name }: V2Model, asked: string): boolean {
  return asked !== '' && (name === undefined || name === asked);
}

function notFound(name: string): string {
  return `Model ${name} not found`;
}
