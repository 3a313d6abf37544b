// Predictions through the gateway in the three protocols of the manifests, over REST and gRPC: numbers in, numbers out.
import { type Message, callGrpc } from '../../stand-in/grpc.ts';
import { numbersIn } from '../../stand-in/arithmetic.ts';
import { GATEWAY } from '../harness/cluster.ts';
import { post } from '../harness/load.ts';
import type { Vector } from '../../stand-in/expect.ts';

export type Transport = 'rest' | 'grpc';

export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly protocol: string;
  /** Name of the graph's first unit. */
  readonly root: string;
  /** What a client has to send beside the path or the names: the host, where only some are served. */
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 30_000;

/** Rejects with status and body of anything but a prediction. */
export function predictNumbers(
  target: Target,
  transport: Transport,
  values: Vector,
  headers: Readonly<Record<string, string>> = {},
): Promise<Vector> {
  return transport === 'rest' ? askRest(target, values, headers) : askGrpc(target, values);
}

const REST: Readonly<
  Record<
    string,
    {
      readonly path: (root: string) => string;
      readonly body: (values: Vector) => object;
      readonly read: (response: Message) => unknown;
    }
  >
> = {
  seldon: {
    path: () => '/api/v1.0/predictions',
    body: (values) => ({ data: { ndarray: [values] } }),
    read: (response) => (response['data'] as Message)['ndarray'],
  },
  v2: {
    path: (root) => `/v2/models/${root}/infer`,
    body: inferRequest,
    read: (response) => (response['outputs'] as Message[])[0]?.['data'],
  },
  tensorflow: {
    path: (root) => `/v1/models/${root}:predict`,
    body: (values) => ({ instances: [values] }),
    read: (response) => response['predictions'],
  },
};

export function inferRequest(values: Vector): object {
  const input = { name: 'predict', datatype: 'FP64', shape: [1, values.length], data: values };
  return { inputs: [input] };
}

async function askRest(
  { namespace, name, protocol, root, headers: own }: Target,
  values: Vector,
  headers: Readonly<Record<string, string>>,
): Promise<Vector> {
  const way = REST[protocol];
  if (way === undefined) throw new Error(`no way to ask ${protocol}`);
  const path = `/seldon/${namespace}/${name}${way.path(root)}`;
  const response = await postPath(path, way.body(values), { ...own, ...headers });
  return numbersIn(way.read(response));
}

/** A JSON response of the gateway; rejects for anything but 200. */
export async function postPath(
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Message> {
  const text = JSON.stringify(body);
  const response = await post({ ...GATEWAY, path, body: text, headers, timeoutMs: TIMEOUT_MS });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${response.text}`);
  return JSON.parse(response.text) as Message;
}

async function askGrpc(
  { namespace, name, protocol, root, headers: own }: Target,
  values: Vector,
): Promise<Vector> {
  const address = `${GATEWAY.host}:${GATEWAY.port}`;
  const headers = { ...own, seldon: name, namespace };
  if (protocol === 'seldon') {
    const request = { data: { tensor: { shape: [1, values.length], values } } };
    const method = 'seldon.protos.Seldon/Predict';
    const response = await callGrpc(address, 'prediction.proto', method, request, headers);
    const { tensor } = response['data'] as { tensor: { values?: number[] } };
    return tensor.values ?? [];
  }
  if (protocol === 'v2') {
    const shape = [1, values.length];
    const input = { name: 'predict', datatype: 'FP64', shape, contents: { fp64_contents: values } };
    const request = { model_name: root, inputs: [input] };
    const method = 'inference.GRPCInferenceService/ModelInfer';
    const response = await callGrpc(address, 'inference.proto', method, request, headers);
    const [output] = response['outputs'] as { contents: { fp64_contents: number[] } }[];
    return output?.contents.fp64_contents ?? [];
  }
  const shape = { dim: [{ size: 1 }, { size: values.length }] };
  const request = {
    model_spec: { name: root },
    inputs: { inputs: { dtype: 'DT_DOUBLE', tensor_shape: shape, double_val: values } },
  };
  const method = 'tensorflow.serving.PredictionService/Predict';
  const response = await callGrpc(address, 'tensorflow_serving.proto', method, request, headers);
  const outputs = response['outputs'] as Readonly<Record<string, { double_val: number[] }>>;
  return Object.values(outputs)[0]?.double_val ?? [];
}
