// Stands in for Seldon's operator on a real API server: its loop for one SeldonDeployment, with its field manager and its rules of which
// objects are its own. It writes whole objects by PUT, as controller-runtime's Update does: annotations are replaced by its own, and a
// status is what its Go structs hold of it.
import { numberOf, objectOf, objectsOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from '../../operator/observe/fields.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { contains } from '../../operator/reconcile/intent.ts';
import { SDEP } from './operator-harness.ts';
import { type EngineStand, renderSeldonObjects } from './seldon-objects.ts';

/** The name of its binary, which is what the API server calls a writer that names no manager. */
export const SELDON_MANAGER = 'manager';
const WRITE = { manager: SELDON_MANAGER } as const;
const CONTROLLER_ID = 'seldon.io/controller-id';
const WRITTEN_AT = '2023-08-15T00:00:00Z';

export interface SeldonSettings {
  readonly stand?: EngineStand;
  /** Installed for its namespace alone: it does not look at the namespace's label. */
  readonly singleNamespace?: boolean;
}

/** False where the object, or its namespace, is another operator's. Tries again where somebody wrote in between. */
export async function runSeldonOnce(
  client: KubeClient,
  namespace: string,
  name: string,
  settings: SeldonSettings = {},
): Promise<boolean> {
  for (;;) {
    try {
      return await reconcileOnce(client, namespace, name, settings);
    } catch (error) {
      if (!(error instanceof KubeError && error.isConflict)) throw error;
    }
  }
}

export interface RunningSeldon {
  /** Writes of objects and statuses so far. */
  readonly writes: () => number;
  stop(): Promise<void>;
}

/** Its loop: it looks at each SeldonDeployment of the namespace again and again, as often as a change of theirs would make it. */
export function startSeldon(
  client: KubeClient,
  namespace: string,
  settings: SeldonSettings = {},
): RunningSeldon {
  const stopping = new AbortController();
  let writes = 0;
  const counted = { ...settings, onWrite: () => (writes += 1) };
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      for (const { metadata } of (await client.list(SDEP, { namespace })).items)
        await runSeldonOnce(client, namespace, metadata.name, counted);
      await sleep(LOOK_MS);
    }
  })();
  return {
    writes: () => writes,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

const LOOK_MS = 50;

interface Settings extends SeldonSettings {
  readonly onWrite?: () => void;
}

async function reconcileOnce(
  client: KubeClient,
  namespace: string,
  name: string,
  { stand, singleNamespace = false, onWrite = () => {} }: Settings,
): Promise<boolean> {
  const owner = await client.get({ ...SDEP, namespace, name });
  if (owner === undefined) return false;
  if (!singleNamespace) {
    const home = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
    if (home?.metadata.labels?.[CONTROLLER_ID] !== undefined) return false;
  }
  if (owner.metadata.labels?.[CONTROLLER_ID] !== undefined) return false;
  const { services, deployments, autoscalers } = renderSeldonObjects(owner, stand);
  for (const wanted of [...services, ...autoscalers, ...deployments])
    if (await write(client, wanted)) onWrite();
  const status = renderStatus(owner, deployments);
  if (contains(structOf(statusOf(owner)), status)) return true;
  const next = { ...structOf(statusOf(owner)), ...status };
  await client.replace({ ...owner, status: next }, { ...WRITE, subresource: 'status' });
  onWrite();
  return true;
}

/** Conditions of others stay among its own. */
function renderStatus(owner: KubeObject, deployments: readonly KubeObject[]): JsonObject {
  const own = OWN_CONDITIONS.map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: WRITTEN_AT,
  }));
  const others = objectsOf(structOf(statusOf(owner))['conditions']).filter(
    (condition) => !OWN_CONDITIONS.includes(String(condition['type'])),
  );
  const names = deployments.map(({ metadata }) => metadata.name);
  return {
    state: 'Available',
    deploymentStatus: Object.fromEntries(
      names.map((each) => [each, { name: each, replicas: 1, availableReplicas: 1 }]),
    ),
    replicas: names.length,
    conditions: [...own, ...others],
  };
}

const OWN_CONDITIONS: readonly string[] = ['DeploymentsReady', 'KedaReady', 'Ready'];

/** What a reader with its structs keeps of a status. */
function structOf(status: JsonObject): JsonObject {
  const known = [
    'state',
    'description',
    'deploymentStatus',
    'serviceStatus',
    'replicas',
    'address',
  ];
  const kept = Object.fromEntries(
    known.flatMap((name) => (status[name] === undefined ? [] : [[name, status[name]]])),
  );
  const conditions = objectsOf(status['conditions']).map(
    ({ observedGeneration: _known, ...rest }) => rest,
  );
  return { ...kept, ...(conditions.length === 0 ? {} : { conditions }) };
}

/** Its own in the place of the live one where anything of it differs: what others added goes too. False where nothing did. */
async function write(client: KubeClient, wanted: KubeObject): Promise<boolean> {
  const live = await client.get(refOf(wanted));
  if (live === undefined) {
    await client.create(wanted, WRITE);
    return true;
  }
  const annotations = annotationsOf(wanted, live);
  const isSame =
    contains(live['spec'], { ...specOf(wanted), replicas: specOf(live)['replicas'] }) &&
    !isMoreThan(live, wanted) &&
    hasSame(objectOf(live.metadata.annotations), annotations);
  if (isSame) return false;
  // An autoscaler's number stays, and so does the address of a Service.
  const { replicas } = specOf(live);
  const kept = wanted.kind === 'Service' ? specOf(live) : {};
  const own = wanted.kind === 'Deployment' ? { replicas: numberOf(replicas ?? 1) } : {};
  const spec = { ...kept, ...specOf(wanted), ...own };
  await client.replace({ ...live, metadata: { ...live.metadata, annotations }, spec }, WRITE);
  return true;
}

/** Those that it made, and the one that the Deployment's controller keeps. */
function annotationsOf(wanted: KubeObject, live: KubeObject): Record<string, string> {
  const revision = live.metadata.annotations?.[REVISION];
  return {
    ...wanted.metadata.annotations,
    ...(revision === undefined ? {} : { [REVISION]: revision }),
  };
}

const REVISION = 'deployment.kubernetes.io/revision';

function hasSame(live: JsonObject, wanted: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(live);
  return (
    names.length === Object.keys(wanted).length &&
    names.every((name) => live[name] === wanted[name])
  );
}

/** Whether the live pods have containers that it does not make. */
function isMoreThan(live: KubeObject, wanted: KubeObject): boolean {
  const count = (object: KubeObject): number =>
    JSON.stringify(object['spec']).split('"imagePullPolicy"').length;
  return count(live) > count(wanted);
}
