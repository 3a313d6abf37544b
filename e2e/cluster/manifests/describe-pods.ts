// Why pods are not ready, in one line: what each container waits for or ended with, and what the scheduler says.
import { type JsonObject, objectAt, objectsAt, textAt } from '../../../graph/plan/json-value.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';

export async function describePods(client: KubeClient, namespace: string): Promise<string> {
  try {
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace });
    return items.length === 0 ? 'no pods' : items.flatMap(describe).join(', ');
  } catch (error) {
    return `pods cannot be read: ${String(error)}`;
  }
}

function describe(pod: JsonObject): string[] {
  const status = objectAt(pod, 'status');
  const name = textAt(objectAt(pod, 'metadata'), 'name');
  const containers = [
    ...objectsAt(status, 'initContainerStatuses'),
    ...objectsAt(status, 'containerStatuses'),
  ].filter((each) => each['ready'] !== true);
  const conditions = objectsAt(status, 'conditions').filter(
    (each) => each['type'] === 'PodScheduled' && each['status'] !== 'True',
  );
  return [
    ...containers.map((each) => `${name}/${textAt(each, 'name')} ${stateOf(each)}`),
    ...conditions.map((each) => `${name} ${textAt(each, 'message')}`),
  ];
}

function stateOf(container: JsonObject): string {
  const state = objectAt(container, 'state');
  const [kind = 'unknown'] = Object.keys(state);
  const last = objectAt(objectAt(container, 'lastState'), 'terminated');
  const { reason = '', message = '', exitCode = '' } = { ...last, ...objectAt(state, kind) };
  return [kind, reason, exitCode, message].map(String).filter(Boolean).join(' ');
}
