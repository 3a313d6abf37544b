// The prepackaged servers: from an implementation's key (`SKLEARN_SERVER`, or one of the cluster's own) and a protocol to an
// image, as the `seldon-config` map lists them under `predictor_servers`.
import { isPlainObject } from '../../graph/plan/json-value.ts';

/** Key → protocol → image with its tag. */
export type ServerMap = ReadonlyMap<string, ReadonlyMap<string, string>>;

const MLSERVER = 'seldonio/mlserver:1.3.5';

/** Seldon Core 1.17.1's own map. */
export const DEFAULT_SERVERS: ServerMap = new Map([
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

export type ParsedServers =
  | { readonly ok: true; readonly servers: ServerMap }
  | { readonly ok: false; readonly reason: string };

/** Reads the text under `predictor_servers`: `{KEY:{protocols:{<protocol>:{image,defaultImageVersion}}}}`. */
export function parseServers(text: string): ParsedServers {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'predictor_servers is not JSON' };
  }
  if (!isPlainObject(value)) return { ok: false, reason: 'predictor_servers is not an object' };
  const servers = new Map<string, ReadonlyMap<string, string>>();
  for (const [key, entry] of Object.entries(value)) {
    const protocols = isPlainObject(entry) ? entry['protocols'] : undefined;
    if (!isPlainObject(protocols))
      return { ok: false, reason: `predictor_servers.${key} has no protocols` };
    const images = new Map<string, string>();
    for (const [protocol, image] of Object.entries(protocols)) {
      const name = renderImage(image);
      if (name === undefined)
        return { ok: false, reason: `predictor_servers.${key}.protocols.${protocol} has no image` };
      images.set(protocol, name);
    }
    servers.set(key, images);
  }
  return { ok: true, servers };
}

/** The image of a server; `v2` and `kfserving` are two names of one protocol. */
export function findServerImage(
  servers: ServerMap,
  key: string,
  protocol: string,
): string | undefined {
  const images = servers.get(key);
  const other = protocol === 'v2' ? 'kfserving' : protocol === 'kfserving' ? 'v2' : protocol;
  return images?.get(protocol) ?? images?.get(other);
}

/** What the checks of `graph/` ask for: key → image for protocol `seldon`, null where there is none. */
export function listSeldonServers(servers: ServerMap): ReadonlyMap<string, string | null> {
  return new Map([...servers].map(([key, images]) => [key, images.get('seldon') ?? null]));
}

function renderImage(value: unknown): string | undefined {
  if (!isPlainObject(value)) return undefined;
  const { image, defaultImageVersion } = value;
  if (typeof image !== 'string' || image === '') return undefined;
  // A colon after the last slash starts a tag; one before it belongs to a registry's port.
  const tagged = image.slice(image.lastIndexOf('/') + 1).includes(':') || image.includes('@');
  if (tagged || typeof defaultImageVersion !== 'string' || defaultImageVersion === '') return image;
  return `${image}:${defaultImageVersion}`;
}
