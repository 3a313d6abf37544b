// What of a watched object is kept in memory. At thousands of deployments pods and ReplicaSets are most of what there is, and of
// them only how they are is read; of managed fields only who wrote when, and whose the number of replicas, the spec and our label are.
import { objectOf, objectsOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { specOf, statusOf } from './fields.ts';
import type { KubeObject, ManagedFields, ObjectMeta } from '../../lib/kube/object.ts';
import { ANNOTATIONS, SELDON_LABELS } from '../../cluster/names.ts';

const OWN_PREFIX = 'sidegraph.io/';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function trimObject(object: KubeObject): KubeObject {
  switch (object.kind) {
    case 'Pod':
      return trimPod(object);
    case 'ReplicaSet':
      return trimReplicaSet(object);
    default:
      return { ...object, metadata: trimMetadata(object.metadata) };
  }
}

function trimMetadata(metadata: ObjectMeta): ObjectMeta {
  const { managedFields = [], annotations, ...rest } = metadata;
  const { [LAST_APPLIED]: _, ...kept } = annotations ?? {};
  return {
    ...rest,
    ...(annotations === undefined ? {} : { annotations: kept }),
    managedFields: managedFields.map(trimEntry),
  };
}

/** Who wrote when, and whether that was the number of replicas, anything else of the spec, or the label that names an operator. */
function trimEntry(entry: ManagedFields): ManagedFields {
  const { fieldsV1, ...rest } = entry;
  const fields = objectOf(fieldsV1);
  const spec = Object.keys(objectOf(fields['f:spec'])).filter((name) => name !== '.');
  const labels = objectOf(objectOf(fields['f:metadata'])['f:labels']);
  const kept = {
    ...(spec.length === 0 ? {} : { 'f:spec': trimSpec(spec) }),
    ...(labels[CONTROLLER_ID] === undefined
      ? {}
      : { 'f:metadata': { 'f:labels': { [CONTROLLER_ID]: {} } } }),
  };
  return Object.keys(kept).length === 0 ? rest : { ...rest, fieldsV1: kept };
}

const REPLICAS = 'f:replicas';
const CONTROLLER_ID = `f:${SELDON_LABELS.controllerId}`;

function trimSpec(names: readonly string[]): JsonObject {
  return {
    ...(names.includes(REPLICAS) ? { [REPLICAS]: {} } : {}),
    ...(names.some((name) => name !== REPLICAS) ? { 'f:…': {} } : {}),
  };
}

function trimPod(pod: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, labels, annotations, deletionTimestamp } =
    pod.metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(OWN_PREFIX));
  const status = statusOf(pod);
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: defined({
      name,
      namespace,
      uid,
      resourceVersion,
      labels,
      deletionTimestamp,
      annotations: Object.fromEntries(own),
    }),
    status: defined({
      phase: status['phase'],
      podIP: status['podIP'],
      reason: status['reason'],
      message: status['message'],
      conditions: objectsOf(status['conditions']).map((each) =>
        pick(each, ['type', 'status', 'reason', 'message']),
      ),
      initContainerStatuses: objectsOf(status['initContainerStatuses']).map(trimContainer),
      containerStatuses: objectsOf(status['containerStatuses']).map(trimContainer),
    }),
  };
}

function trimContainer(container: JsonObject): JsonObject {
  return pick(container, [
    'name',
    'image',
    'ready',
    'started',
    'restartCount',
    'state',
    'lastState',
  ]);
}

function trimReplicaSet(set: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences } = set.metadata;
  const metadata = objectOf(objectOf(specOf(set)['template'])['metadata']);
  const annotations = pick(objectOf(metadata['annotations']), [ANNOTATIONS.planMap]);
  return {
    apiVersion: set.apiVersion,
    kind: set.kind,
    metadata: defined({ name, namespace, uid, resourceVersion, ownerReferences }),
    spec: { ...pick(specOf(set), ['replicas']), template: { metadata: { annotations } } },
    status: pick(statusOf(set), ['replicas']),
  };
}

function pick(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  );
}

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
