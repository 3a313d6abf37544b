// Explainers: the server of Seldon's Alibi image and the runtime of MLServer. Either asks the predictor for the instance that is explained,
// as a real one does (with others around it), and its explanation says what the predictor answered.
import { numbersIn } from './arithmetic.ts';
import { callGrpc } from './grpc.ts';
import type { V2Model } from './v2.ts';
import type { RestResponse, Asked, Handler } from './rest.ts';
import { postJson } from './rest.ts';

/** Calls of an explainer are no payloads to log. */
const HEADERS = { 'seldon-skip-logging': 'true' };

export interface AlibiOptions {
  /** `seldon.http`, `seldon.grpc` or `tensorflow.http`. */
  readonly protocol: string;
  readonly predictorHost: string;
  readonly modelName: string;
  readonly type: string;
}

export function alibiRest(options: AlibiOptions): Handler {
  const path =
    options.protocol === 'tensorflow.http'
      ? `/v1/models/${options.modelName}:explain`
      : '/api/v1.0/explain';
  return async (asked: Asked): Promise<RestResponse> => {
    if (asked.path !== path) return { status: 404, body: { error: `no path ${asked.path}` } };
    const { data, instances } = asked.body as { data?: { ndarray: unknown }; instances?: unknown };
    const prediction = await askPredictor(options, data?.ndarray ?? instances);
    return { body: explanation(options.type, prediction) };
  };
}

async function askPredictor(options: AlibiOptions, rows: unknown): Promise<number[]> {
  const { protocol, predictorHost, modelName } = options;
  if (protocol === 'tensorflow.http') {
    const url = `http://${predictorHost}/v1/models/${modelName}:predict`;
    return numbersIn(
      ((await postJson(url, { instances: rows }, HEADERS)) as Predicted).predictions,
    );
  }
  if (protocol === 'seldon.http') {
    const url = `http://${predictorHost}/api/v1.0/predictions`;
    const response = await postJson(url, { data: { ndarray: rows } }, HEADERS);
    return numbersIn((response as Predicted).data?.ndarray);
  }
  if (protocol !== 'seldon.grpc') throw new Error(`unknown protocol ${protocol}`);
  const values = numbersIn(rows);
  const request = { data: { tensor: { shape: [1, values.length], values } } };
  const response = await callGrpc(
    predictorHost,
    'prediction.proto',
    'seldon.protos.Seldon/Predict',
    request,
    HEADERS,
  );
  return numbersIn((response as Predicted).data?.tensor?.values);
}

interface Predicted {
  readonly predictions?: unknown;
  readonly data?: { readonly ndarray?: unknown; readonly tensor?: { readonly values: number[] } };
}

/** An explainer as a V2 model; `inferUri` is the predictor's. */
export function v2Explainer(name: string, type: string, inferUri: string): V2Model {
  return {
    name,
    infer: async (values) => {
      const shape = [1, values.length];
      const input = { name: 'predict', shape, datatype: 'FP64', data: values };
      const response = (await postJson(inferUri, { inputs: [input] }, HEADERS)) as {
        outputs: readonly { data: number[] }[];
      };
      const text = JSON.stringify(explanation(type, numbersIn(response.outputs[0]?.data)));
      return { name: 'explanation', datatype: 'BYTES', data: [text] };
    },
  };
}

function explanation(type: string, prediction: readonly number[]): object {
  return { meta: { name: type, explanations: ['local'] }, data: { raw: { prediction } } };
}
