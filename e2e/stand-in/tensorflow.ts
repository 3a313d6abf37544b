// A server of TensorFlow Serving's API: status and predictions of one model, rows or columns over REST, tensors over gRPC. A name that is
// not its model's is not found.
import { status } from '@grpc/grpc-js';
import { mapNumbers } from './arithmetic.ts';
import { GrpcError, type Message, type Methods } from './grpc.ts';
import type { RestResponse, Asked, Handler } from './rest.ts';

export interface TensorflowModel {
  readonly name: string;
  readonly step: (value: number) => number;
}

const AVAILABLE = { version: '1', state: 'AVAILABLE' };
const DT_DOUBLE = 'DT_DOUBLE';

export function tensorflowRest({ name, step }: TensorflowModel): Handler {
  return ({ method, path, body }: Asked): RestResponse => {
    const [, asked, verb = ''] =
      /^\/v1\/models\/([^/:]+)(?:\/versions\/\d+)?(:predict|\/metadata)?$/.exec(path) ?? [];
    if (asked === undefined) return { status: 404, body: { error: `Malformed request: ${path}` } };
    if (asked !== name)
      return {
        status: 404,
        body: { error: `Servable not found for request: Latest(${asked})` },
      };
    if (verb !== ':predict')
      return {
        body: {
          model_version_status: [{ ...AVAILABLE, status: { error_code: 'OK', error_message: '' } }],
        },
      };
    if (method !== 'POST') return { status: 405, body: { error: 'Method Not Allowed' } };
    const { instances, inputs } = body as { instances?: unknown; inputs?: unknown };
    if (instances !== undefined) return { body: { predictions: mapNumbers(instances, step) } };
    if (inputs === undefined)
      return { status: 400, body: { error: "Missing 'inputs' or 'instances' key" } };
    return { body: { outputs: mapNumbers(inputs, step) } };
  };
}

interface Tensor {
  readonly dtype?: string;
  readonly tensor_shape?: unknown;
  readonly double_val?: readonly number[];
  readonly tensor_content?: Buffer;
}

export function tensorflowGrpc({ name, step }: TensorflowModel): Methods {
  const check = (spec: unknown): void => {
    const asked = (spec as { name?: string } | undefined)?.name ?? '';
    if (asked === name) return;
    throw new GrpcError(status.NOT_FOUND, `Servable not found for request: Latest(${asked})`);
  };
  return {
    'tensorflow.serving.PredictionService/Predict': (request: Message): Message => {
      check(request['model_spec']);
      const [tensor] = Object.values((request['inputs'] ?? {}) as Record<string, Tensor>);
      if (tensor?.dtype !== DT_DOUBLE)
        throw new GrpcError(status.INVALID_ARGUMENT, `no tensor of doubles: ${tensor?.dtype}`);
      const { double_val: values = [], tensor_shape } = tensor;
      return {
        model_spec: { name, version: { value: '1' }, signature_name: 'serving_default' },
        outputs: {
          'output-0': { dtype: DT_DOUBLE, tensor_shape, double_val: values.map(step) },
        },
      };
    },
    'tensorflow.serving.ModelService/GetModelStatus': ({ model_spec: spec }): Message => {
      check(spec);
      return { model_version_status: [AVAILABLE] };
    },
  };
}
