// How an explainer is started: Seldon's server by arguments, MLServer's runtime (protocol v2) by its environment. Both are told where the
// predictor is, which they ask many times for one explanation.
import type { Explainer } from '../plan/deployment.ts';
import { V2 } from '../../dialects/v2/dialect.ts';
import { canonicalJson, isPlainObject } from '../plan/json-value.ts';
import { EXPLAINER_TYPES } from './read-explainer.ts';

export interface ExplainerPlace {
  /** `seldon`, `tensorflow` or `v2`. */
  readonly protocol: string;
  /** Name of the graph's root: the model that is explained. */
  readonly root: string;
  /** Host and port of the predictor, for the transport that the explainer asks it by. */
  readonly predictorHost: string;
  /** Where the artifact of the explainer is. */
  readonly modelDir: string;
  readonly httpPort: number;
}

/** Of Seldon's server: its own flags, the type, then the flags of the explainer. */
export function explainerArguments(explainer: Explainer, place: ExplainerPlace): string[] {
  const transport = explainer.transport === 'grpc' ? 'grpc' : 'http';
  const { type, modelUri, config } = explainer;
  const flags = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `--model_name=${place.root}`,
    `--predictor_host=${place.predictorHost}`,
    `--protocol=${place.protocol}.${transport}`,
    `--http_port=${place.httpPort}`,
    ...(modelUri === '' ? [] : [`--storage_uri=${place.modelDir}`]),
    type,
    ...(type === 'AnchorImages' ? ['--tf_data_type=float32'] : []),
    // What lies beside the artifact is named by where it comes from.
    ...flags.map(
      ([flag, value]) =>
        `--${flag}=${modelUri === '' ? value : value.replace(modelUri, place.modelDir)}`,
    ),
  ];
}

/** Of MLServer; `name` is the explainer's own as a V2 model. */
export function explainerEnvironment(
  explainer: Explainer,
  place: ExplainerPlace,
  name: string,
): Readonly<Record<string, string>> {
  const { grpc, metrics } = explainer.container.ports;
  const { type, initParameters, modelUri } = explainer;
  const parameters: unknown = initParameters === '' ? undefined : JSON.parse(initParameters);
  const extra = {
    explainer_type: EXPLAINER_TYPES[type] ?? type,
    infer_uri: `http://${place.predictorHost}${V2.unitPath(place.root, 'predict', 'rest') ?? ''}`,
    ...(isPlainObject(parameters) ? { init_parameters: parameters } : {}),
  };
  return {
    MLSERVER_HTTP_PORT: String(place.httpPort),
    MLSERVER_GRPC_PORT: String(grpc),
    MLSERVER_METRICS_PORT: String(metrics),
    MLSERVER_METRICS_ENDPOINT: '/prometheus',
    MLSERVER_MODEL_NAME: name,
    MLSERVER_MODEL_IMPLEMENTATION: 'mlserver_alibi_explain.AlibiExplainRuntime',
    MLSERVER_MODEL_VERSION: 'v1',
    MLSERVER_MODEL_EXTRA: canonicalJson(extra),
    ...(modelUri === '' ? {} : { MLSERVER_MODEL_URI: place.modelDir }),
  };
}
