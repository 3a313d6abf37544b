// Makes the fields of a former manager ours, by writing the object's managedFields: the apply that follows then removes what it no
// longer names, such as the container of the former data plane. The number of replicas is left to nobody: taken over and
// then left out, it would become 1.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import type { TakeOver } from '../observe/contract.ts';

type Entry = JsonObject;

/** Throws a conflict where the object was written meanwhile. */
export async function takeOver(client: KubeClient, wanted: TakeOver): Promise<void> {
  const live = await client.get(wanted.ref);
  if (live === undefined || live.metadata.uid !== wanted.uid) return;
  const managedFields = mergeManagers(live, wanted);
  if (managedFields === undefined) return;
  const patch = [
    { op: 'replace', path: '/metadata/managedFields', value: managedFields },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
  const manager = managerOf(wanted);
  await client.patch(wanted.ref, patch, { type: 'json', manager });
  if (wanted.subresource === 'status') await dropConditions(client, live, wanted, manager);
}

/**
 * Seldon's definition makes of the conditions one value, ours a list by type: as its owners we own the whole and no item, so an
 * apply would leave the former operator's in it. They go beforehand.
 */
async function dropConditions(
  client: KubeClient,
  live: KubeObject,
  { ref, subresource }: TakeOver,
  manager: string,
): Promise<void> {
  const status = live['status'];
  if (!isPlainObject(status) || status['conditions'] === undefined) return;
  const patch = [{ op: 'remove', path: '/status/conditions' }];
  await client.patch(ref, patch, { type: 'json', manager, subresource });
}

function managerOf({ subresource }: TakeOver): string {
  return subresource === 'status' ? FIELD_MANAGERS.status : FIELD_MANAGERS.children;
}

/** The managers of the object with ours in the place of the former ones; undefined where there are none. */
export function mergeManagers(live: KubeObject, wanted: TakeOver): readonly Entry[] | undefined {
  const entries = (live.metadata.managedFields ?? []) as readonly unknown[] as readonly Entry[];
  const isHere = (entry: Entry): boolean =>
    (entry['subresource'] ?? '') === (wanted.subresource ?? '');
  const former = entries.filter(
    (entry) => isHere(entry) && wanted.managers.includes(String(entry['manager'])),
  );
  const [first] = former;
  if (first === undefined) return undefined;
  const manager = managerOf(wanted);
  const ours = entries.find(
    (entry) => isHere(entry) && entry['manager'] === manager && entry['operation'] === 'Apply',
  );
  const parts = [...former.map(({ fieldsV1 }) => withoutReplicas(fieldsV1)), ours?.['fieldsV1']];
  const last = [...former, ...(ours === undefined ? [] : [ours])]
    .flatMap(({ time }) => (typeof time === 'string' ? [time] : []))
    .sort()
    .at(-1);
  const merged = {
    ...(ours ?? { apiVersion: first['apiVersion'] }),
    // The last of them: who writes after that has seen what we took.
    ...(last === undefined ? {} : { time: last }),
    manager,
    operation: 'Apply',
    fieldsType: 'FieldsV1',
    fieldsV1: parts.reduce(mergeFields, {}),
    ...(wanted.subresource === undefined ? {} : { subresource: wanted.subresource }),
  };
  return [...entries.filter((entry) => entry !== ours && !former.includes(entry)), merged];
}

/** FieldsV1 is a tree of names: a union merges it. */
function mergeFields(one: unknown, other: unknown): JsonObject {
  if (!isPlainObject(other)) return isPlainObject(one) ? one : {};
  if (!isPlainObject(one)) return other;
  const merged: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) merged[name] = mergeFields(one[name], value);
  return merged;
}

function withoutReplicas(fields: unknown): unknown {
  if (!isPlainObject(fields) || !isPlainObject(fields['f:spec'])) return fields;
  const { 'f:replicas': _, ...spec } = fields['f:spec'];
  return { ...fields, 'f:spec': spec };
}
