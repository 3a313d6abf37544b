// Checks that what the API server answered is what was asked for: a list, an object, the kinds of a group.
import type { KubeList } from './call-options.ts';
import { KubeError } from './error.ts';
import type { Resource } from './kinds.ts';
import type { KubeObject } from './object.ts';

export interface DiscoveredKind {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export function parseList(resource: Resource, path: string, body: unknown): KubeList {
  const meta = isRecord(body) ? body.metadata : undefined;
  if (!isRecord(body) || !isRecord(meta)) throw badResponse(path, 'a list');
  // A list without items is null in Go's JSON.
  const items = Array.isArray(body.items) ? body.items : [];
  const token =
    typeof meta.continue === 'string' && meta.continue !== '' ? meta.continue : undefined;
  const kind = resource.kind || String(body.kind).replace(/List$/, '');
  return {
    items: items
      .filter(isRecord)
      .map((item) => readKubeObject({ apiVersion: resource.apiVersion, kind, ...item }, path)),
    resourceVersion: typeof meta.resourceVersion === 'string' ? meta.resourceVersion : '',
    continue: token,
  };
}

export function readKubeObject(body: unknown, path: string): KubeObject {
  if (isKubeObject(body)) return body;
  throw badResponse(path, 'an object');
}

/** The resources of a group's version as discovery lists them, subresources among them. */
export function parseKinds(body: unknown): readonly DiscoveredKind[] {
  return isRecord(body) && Array.isArray(body.resources) ? body.resources.filter(isDiscovered) : [];
}

/** The parts that every object of the API has. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isRecord(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isRecord(value.metadata) &&
    typeof value.metadata.name === 'string'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDiscovered(value: unknown): value is DiscoveredKind {
  return isRecord(value) && typeof value.name === 'string' && typeof value.kind === 'string';
}

function badResponse(path: string, wanted: string): KubeError {
  return new KubeError({
    status: 0,
    reason: 'BadAnswer',
    message: `${path} answered something that is not ${wanted}`,
  });
}
