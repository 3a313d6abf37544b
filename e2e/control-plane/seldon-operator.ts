// Stands in for Seldon's operator on a real API server: one turn of its loop for one SeldonDeployment, with its field manager
// and its rules of which objects are its own. It writes whole objects by PUT, as controller-runtime's Update does.
import type { KubeClient } from '../../operator/kube/client.ts';
import { refOf } from '../../operator/kube/kinds.ts';
import type { KubeObject } from '../../operator/kube/object.ts';
import { contains } from '../../operator/reconcile/intent.ts';
import { specOf } from '../../operator/reconcile/fields.ts';
import { SDEP } from './operator-harness.ts';
import { type EngineStand, renderSeldonObjects } from './seldon-objects.ts';

/** The name of its binary, which is what the API server calls a writer that names no manager. */
export const SELDON_MANAGER = 'manager';
const WRITE = { manager: SELDON_MANAGER } as const;
const CONTROLLER_ID = 'seldon.io/controller-id';

/** False where the object, or its namespace, is another operator's. */
export async function runSeldonOnce(
  client: KubeClient,
  namespace: string,
  name: string,
  stand?: EngineStand,
): Promise<boolean> {
  const owner = await client.get({ ...SDEP, namespace, name });
  const home = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  if (owner === undefined || home?.metadata.labels?.[CONTROLLER_ID] !== undefined) return false;
  if (owner.metadata.labels?.[CONTROLLER_ID] !== undefined) return false;
  const { services, deployments, autoscalers } = renderSeldonObjects(owner, stand);
  for (const wanted of [...services, ...autoscalers, ...deployments]) await write(client, wanted);
  const names = deployments.map(({ metadata }) => metadata.name);
  const status = {
    state: 'Available',
    deploymentStatus: Object.fromEntries(names.map((each) => [each, { name: each, replicas: 1 }])),
    replicas: names.length,
    conditions: [{ type: 'KedaReady', status: 'True', lastTransitionTime: '2023-08-15T00:00:00Z' }],
  };
  await client.replace({ ...owner, status }, { ...WRITE, subresource: 'status' });
  return true;
}

/** Its own spec in the place of the live one where anything of it differs: what others added goes too. */
async function write(client: KubeClient, wanted: KubeObject): Promise<void> {
  const live = await client.get(refOf(wanted));
  if (live === undefined) {
    await client.create(wanted, WRITE);
    return;
  }
  const isSame =
    contains(live['spec'], { ...specOf(wanted), replicas: specOf(live)['replicas'] }) &&
    !isMoreThan(live, wanted);
  if (isSame) return;
  // An autoscaler's number stays, and so does the address of a Service.
  const { replicas } = specOf(live);
  const kept = wanted.kind === 'Service' ? specOf(live) : {};
  const number = wanted.kind === 'Deployment' ? { replicas } : {};
  const spec = { ...kept, ...specOf(wanted), ...number };
  await client.replace({ ...live, spec }, WRITE);
}

/** Whether the live pods have containers that it does not make. */
function isMoreThan(live: KubeObject, wanted: KubeObject): boolean {
  const count = (object: KubeObject): number =>
    JSON.stringify(object['spec']).split('"imagePullPolicy"').length;
  return count(live) > count(wanted);
}
