// Reads the prepackaged servers of a cluster: from an implementation's key (`SKLEARN_SERVER`, or one of the cluster's own) and a
// protocol to an image, as the `seldon-config` map lists them under `predictor_servers`.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { Servers } from '../../graph/plan/servers.ts';

export type ParsedServers =
  | { readonly kind: 'servers'; readonly servers: Servers }
  | { readonly kind: 'wrong'; readonly reason: string };

/** Reads the text under `predictor_servers`: `{KEY:{protocols:{<protocol>:{image,defaultImageVersion}}}}`. */
export function parseServers(text: string): ParsedServers {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'wrong', reason: 'predictor_servers is not JSON' };
  }
  if (!isPlainObject(value)) return { kind: 'wrong', reason: 'predictor_servers is not an object' };
  const servers = new Map<string, ReadonlyMap<string, string>>();
  for (const [key, entry] of Object.entries(value)) {
    const protocols = isPlainObject(entry) ? entry['protocols'] : undefined;
    if (!isPlainObject(protocols))
      return { kind: 'wrong', reason: `predictor_servers.${key} has no protocols` };
    const images = new Map<string, string>();
    for (const [protocol, image] of Object.entries(protocols)) {
      const name = renderImage(image);
      if (name === undefined)
        return {
          kind: 'wrong',
          reason: `predictor_servers.${key}.protocols.${protocol} has no image`,
        };
      images.set(protocol, name);
    }
    servers.set(key, images);
  }
  return { kind: 'servers', servers };
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
