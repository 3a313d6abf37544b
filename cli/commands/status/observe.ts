// Reads the cluster with the user's own rights. Deployments and pods must be readable; the namespace and the pods' status ports
// are asked where that is allowed, and done without where it is not.
import { objectOf, textOf } from '../../../graph/plan/json-value.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { KubeError } from '../../../lib/kube/error.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { LABELS, PORTS, STATUS_PATHS } from '../../../cluster/names.ts';
import { belongs, type ClusterScope, listDeployments, POD_KIND } from '../../cluster/objects.ts';
import { hasSidecar, type ObservedDeployment, type PodResponse } from './read-state.ts';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' } as const;
const ASK_LIMIT_MS = 2_000;
const ASKED_AT_ONCE = 8;

/** In the order of namespaces and names. Throws KubeError. */
export async function observeDeployments(
  client: KubeClient,
  scope: ClusterScope,
): Promise<readonly ObservedDeployment[]> {
  const within = scope.namespace === undefined ? {} : { namespace: scope.namespace };
  const objects = await listDeployments(client, scope);
  if (objects.length === 0) return [];
  const pods = await client.listAll(POD_KIND, { ...within, labelSelector: LABELS.deployment });
  const wanted = pods.items.filter((pod) => objects.some((object) => belongs(pod, object)));
  const [responses, namespaces] = await Promise.all([
    askPods(client, wanted),
    readNamespaces(client, new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))),
  ]);
  return objects
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
    .map((object) => {
      const own = wanted.filter((pod) => belongs(pod, object));
      return {
        object,
        pods: own,
        responses: new Map(
          own.flatMap((pod) => {
            const response = responses.get(pod);
            return response === undefined ? [] : [[pod.metadata.name, response] as const];
          }),
        ),
        namespaceAnnotations: namespaces.get(object.metadata.namespace ?? ''),
      };
    });
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Asks each running sidecar through the API server which plan it serves. */
async function askPods(
  client: KubeClient,
  pods: readonly KubeObject[],
): Promise<ReadonlyMap<KubeObject, PodResponse>> {
  const responses = new Map<KubeObject, PodResponse>();
  const left = pods.filter(
    (pod) => hasSidecar(pod) && textOf(objectOf(pod['status'])['podIP']) !== '',
  );
  const work = async (): Promise<void> => {
    for (let pod = left.shift(); pod !== undefined; pod = left.shift()) {
      const response = await askPod(client, pod);
      if (response === 'forbidden') left.length = 0;
      else if (response !== undefined) responses.set(pod, response);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return responses;
}

async function askPod(
  client: KubeClient,
  { metadata }: KubeObject,
): Promise<PodResponse | 'forbidden' | undefined> {
  const pod = `${encodeURIComponent(metadata.name)}:${PORTS.status}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(metadata.namespace ?? '')}/pods/${pod}/proxy${STATUS_PATHS.status}`;
  try {
    const response = objectOf(
      await client.raw({ method: 'GET', path, isIdempotent: false, timeoutMs: ASK_LIMIT_MS }),
    );
    const refused = objectOf(response['refused']);
    const hash = textOf(response['hash']);
    return { hash: hash === '' ? undefined : hash, refused: textOf(refused['reason']) };
  } catch (error) {
    return error instanceof KubeError && error.status === 403 ? 'forbidden' : undefined;
  }
}

async function readNamespaces(
  client: KubeClient,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const found = new Map<string, Readonly<Record<string, string>>>();
  await Promise.all(
    [...names].map(async (name) => {
      const namespace = await client.get({ ...NAMESPACE, name }).catch(() => undefined);
      if (namespace !== undefined) found.set(name, namespace.metadata.annotations ?? {});
    }),
  );
  return found;
}
