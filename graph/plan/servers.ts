// The prepackaged servers: from an implementation's key (`SKLEARN_SERVER`, or one of the cluster's own) and a protocol to the image
// that serves it. A key is known where it has an image for any protocol; it is served by the protocols that it has one for.

/** Key → protocol → image with its tag. */
export type Servers = ReadonlyMap<string, ReadonlyMap<string, string>>;

const MLSERVER = 'seldonio/mlserver:1.3.5';

/** Seldon Core 1.17.1's own map. */
export const SERVERS: Servers = new Map([
  ['HUGGINGFACE_SERVER', new Map([['v2', `${MLSERVER}-huggingface`]])],
  [
    'MLFLOW_SERVER',
    new Map([
      ['seldon', 'seldonio/mlflowserver:1.17.1'],
      ['v2', `${MLSERVER}-mlflow`],
    ]),
  ],
  [
    'SKLEARN_SERVER',
    new Map([
      ['seldon', 'seldonio/sklearnserver:1.17.1'],
      ['v2', `${MLSERVER}-sklearn`],
    ]),
  ],
  ['TEMPO_SERVER', new Map([['v2', `${MLSERVER}-slim`]])],
  [
    'TENSORFLOW_SERVER',
    new Map([
      ['seldon', 'seldonio/tfserving-proxy:1.17.1'],
      ['tensorflow', 'tensorflow/serving:2.1.0'],
    ]),
  ],
  ['TRITON_SERVER', new Map([['v2', 'nvcr.io/nvidia/tritonserver:21.08-py3']])],
  [
    'XGBOOST_SERVER',
    new Map([
      ['seldon', 'seldonio/xgboostserver:1.17.1'],
      ['v2', `${MLSERVER}-xgboost`],
    ]),
  ],
]);

/** The image of a server; `v2` and `kfserving` are two names of one protocol. */
export function findServerImage(
  servers: Servers,
  key: string,
  protocol: string,
): string | undefined {
  const images = servers.get(key);
  const other = protocol === 'v2' ? 'kfserving' : protocol === 'kfserving' ? 'v2' : protocol;
  return images?.get(protocol) ?? images?.get(other);
}

/** The protocols that a server has an image for, in the order of the map. */
export function listServerProtocols(servers: Servers, key: string): readonly string[] {
  return [...(servers.get(key)?.keys() ?? [])];
}
