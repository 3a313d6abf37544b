// The program of every stand-in image: it behaves as the image whose name it has, as far as others see that. In: a role (the image's own),
// then the arguments of the container; the environment that Seldon's operator gives containers. A container without its role's
// arguments or variables ends at once, as the real one does.
import { step, unitKey } from './arithmetic.ts';
import { alibiRest, v2Explainer } from './explainer.ts';
import { callGrpc, type Message, serveGrpc } from './grpc.ts';
import { postJson, serveRest } from './rest.ts';
import { arithmeticUnit, seldonGrpc, seldonRest, type SeldonUnit } from './seldon.ts';
import { sinkRest } from './sink.ts';
import { tensorflowGrpc, tensorflowRest } from './tensorflow.ts';
import { type V2Model, v2Grpc, v2Rest } from './v2.ts';

export const ROLES = [
  'initializer',
  'seldon',
  'seldon-rest',
  'seldon-grpc',
  'tensorflow-proxy',
  'tensorflow',
  'mlserver',
  'triton',
  'alibi',
  'mlserver-alibi',
  'sink',
] as const;
export type Role = (typeof ROLES)[number];

const STARTERS: Readonly<Record<Role, () => Promise<void>>> = {
  initializer: async () => {},
  seldon: () => startSeldon({ rest: 'PREDICTIVE_UNIT_HTTP_SERVICE_PORT', grpc: GRPC_PORT }),
  // Wrappers of before Seldon Core 1.3 speak one transport, at the one port that they are told.
  'seldon-rest': () => startSeldon({ rest: 'PREDICTIVE_UNIT_SERVICE_PORT' }),
  'seldon-grpc': () => startSeldon({ grpc: 'PREDICTIVE_UNIT_SERVICE_PORT' }),
  'tensorflow-proxy': () =>
    startSeldon({ rest: 'PREDICTIVE_UNIT_HTTP_SERVICE_PORT', grpc: GRPC_PORT }, proxyUnit()),
  tensorflow: startTensorflow,
  mlserver: () => startV2(arithmeticModel(env('MLSERVER_MODEL_NAME')), mlserverPorts()),
  triton: () =>
    startV2(arithmeticModel(undefined), {
      rest: Number(flag('http-port')),
      grpc: Number(flag('grpc-port')),
    }),
  alibi: startAlibi,
  'mlserver-alibi': () => startV2(explainerModel(), mlserverPorts()),
  sink: async () => void (await serveRest(8080, sinkRest())),
};
const GRPC_PORT = 'PREDICTIVE_UNIT_GRPC_SERVICE_PORT';

const [role = '', ...flags] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(0));
const start = (STARTERS as Readonly<Record<string, () => Promise<void>>>)[role];
if (start === undefined) throw new Error(`unknown role ${role}`);
await start();

function env(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** The value of `--name=value`; throws where it is not given. */
function flag(name: string): string {
  const found = flags.find((each) => each.startsWith(`--${name}=`));
  if (found === undefined) throw new Error(`--${name} is not among ${flags.join(' ')}`);
  return found.slice(`--${name}=`.length);
}

function ownKey(): string {
  return unitKey(env('PREDICTOR_ID'), env('PREDICTIVE_UNIT_ID'));
}

async function startSeldon(
  ports: { readonly rest?: string; readonly grpc?: string },
  unit: SeldonUnit = arithmeticUnit(
    ownKey(),
    env('PREDICTIVE_UNIT_ID'),
    process.env['PREDICTIVE_UNIT_IMAGE'] ?? '',
  ),
): Promise<void> {
  if (ports.rest !== undefined) await serveRest(Number(env(ports.rest)), seldonRest(unit));
  if (ports.grpc !== undefined)
    await serveGrpc(Number(env(ports.grpc)), 'prediction.proto', seldonGrpc(unit));
}

/** Passes each message on to the server of TensorFlow's protocol beside it, over the transport that it came by. */
function proxyUnit(): SeldonUnit {
  const parameters = JSON.parse(env('PREDICTIVE_UNIT_PARAMETERS')) as {
    name: string;
    value: string;
  }[];
  const parameter = (name: string, otherwise?: string): string => {
    const value = parameters.find((each) => each.name === name)?.value ?? otherwise;
    if (value === undefined) throw new Error(`no parameter ${name}`);
    return value;
  };
  const model = parameter('model_name');
  const input = parameter('model_input', 'inputs');
  return {
    ...arithmeticUnit(
      ownKey(),
      env('PREDICTIVE_UNIT_ID'),
      process.env['PREDICTIVE_UNIT_IMAGE'] ?? '',
    ),
    work: async (_, values, over) => {
      if (over === 'rest') {
        const url = `${parameter('rest_endpoint')}/v1/models/${model}:predict`;
        const response = await postJson(url, { instances: [values] });
        return (response as { predictions: number[][] }).predictions.flat();
      }
      const shape = { dim: [{ size: 1 }, { size: values.length }] };
      const tensor = { dtype: 'DT_DOUBLE', tensor_shape: shape, double_val: values };
      const request = {
        model_spec: { name: model, signature_name: parameter('signature_name', '') },
        inputs: { [input]: tensor },
      };
      const method = 'tensorflow.serving.PredictionService/Predict';
      const file = 'tensorflow_serving.proto';
      const response = await callGrpc(parameter('grpc_endpoint'), file, method, request);
      const outputs = response['outputs'] as Readonly<Record<string, { double_val: number[] }>>;
      return Object.values(outputs)[0]?.double_val ?? [];
    },
  };
}

/** A unit's own, or the one beside its proxy, which knows its model alone. */
async function startTensorflow(): Promise<void> {
  const unit = process.env['PREDICTIVE_UNIT_ID'];
  const name = flags.some((each) => each.startsWith('--model_name='))
    ? flag('model_name')
    : (unit ?? '');
  const key = unit === undefined ? name : ownKey();
  const model = { name, step: (value: number) => step('predict', key, value) };
  await serveGrpc(Number(flag('port')), 'tensorflow_serving.proto', tensorflowGrpc(model));
  await serveRest(Number(flag('rest_api_port')), tensorflowRest(model));
}

function arithmeticModel(name: string | undefined): V2Model {
  const key = ownKey();
  return {
    name,
    infer: (values) => ({
      name: 'output-0',
      datatype: 'FP64',
      data: values.map((value) => step('predict', key, value)),
    }),
  };
}

function mlserverPorts(): { readonly rest: number; readonly grpc: number } {
  return { rest: Number(env('MLSERVER_HTTP_PORT')), grpc: Number(env('MLSERVER_GRPC_PORT')) };
}

async function startV2(
  model: V2Model,
  ports: { readonly rest: number; readonly grpc: number },
): Promise<void> {
  await serveGrpc(ports.grpc, 'inference.proto', v2Grpc(model));
  await serveRest(ports.rest, v2Rest(model));
}

function explainerModel(): V2Model {
  const extra = JSON.parse(env('MLSERVER_MODEL_EXTRA')) as Message;
  const name = env('MLSERVER_MODEL_NAME');
  return v2Explainer(name, String(extra['explainer_type']), String(extra['infer_uri']));
}

/** The word among the flags is the type. */
async function startAlibi(): Promise<void> {
  const type = flags.find((each) => !each.startsWith('--'));
  if (type === undefined) throw new Error('no type of explainer');
  const handler = alibiRest({
    protocol: flag('protocol'),
    predictorHost: flag('predictor_host'),
    modelName: flag('model_name'),
    type,
  });
  await serveRest(Number(flag('http_port')), handler);
}
