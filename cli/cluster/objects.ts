// SeldonDeployments and their pods, as the API server lists them.
import { LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import { STORED_KIND } from '../../graph/crd/names.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export const POD_KIND = { apiVersion: 'v1', kind: 'Pod' } as const;

export interface ClusterScope {
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Throws KubeError. */
export async function listDeployments(
  client: KubeClient,
  { namespace, name }: ClusterScope,
): Promise<readonly KubeObject[]> {
  if (name !== undefined && namespace !== undefined) {
    const object = await client.get({ ...STORED_KIND, namespace, name });
    return object === undefined ? [] : [object];
  }
  const { items } = await client.listAll(STORED_KIND, namespace === undefined ? {} : { namespace });
  return items;
}

export function belongs(pod: KubeObject, object: KubeObject): boolean {
  return (
    pod.metadata.namespace === object.metadata.namespace &&
    pod.metadata.labels?.[LABELS.deployment] === labelValue(object.metadata.name)
  );
}
