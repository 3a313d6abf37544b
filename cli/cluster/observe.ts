// What the API server says of the deployments that are watched and of their pods. What may not be read is told and done without.
import { LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { LiveNote } from '../../sidecar/live/state.ts';
import { missing, note } from './notes.ts';
import { listDeployments, POD_KIND } from './objects.ts';

export interface LiveView {
  /** Undefined where they may not be read. */
  readonly deployments: readonly KubeObject[] | undefined;
  readonly pods: readonly KubeObject[];
  readonly notes: readonly LiveNote[];
}

/** How long one call may take, ms. */
const CALL_LIMIT_MS = 10_000;

/** `name`: one deployment; undefined for all of the namespace. Throws KubeError where the pods may not be listed, or nobody responds. */
export async function observeLive(
  client: KubeClient,
  namespace: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<LiveView> {
  const labelSelector =
    name === undefined ? LABELS.deployment : `${LABELS.deployment}=${labelValue(name)}`;
  const options = { namespace, labelSelector, signal, timeoutMs: CALL_LIMIT_MS };
  const [deployments, { items }] = await Promise.all([
    listDeployments(client, { namespace, name }).catch(unlessForbidden),
    client.listAll(POD_KIND, options),
  ]);
  return {
    deployments,
    pods: items.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)),
    notes:
      deployments !== undefined
        ? []
        : [
            note(
              'DEPLOYMENT_FORBIDDEN',
              'you may not read SeldonDeployments, so shares of the traffic and shadows are not known',
              missing('deployments', namespace),
            ),
          ],
  };
}

function unlessForbidden(thrown: unknown): undefined {
  if (thrown instanceof KubeError && thrown.status === 403) return undefined;
  throw thrown;
}
