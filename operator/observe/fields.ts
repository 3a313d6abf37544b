// The few fields of Kubernetes' own objects that decisions and words are made from, read without trust: anybody may write them.
import { objectOf, objectsOf, textOf } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export function specOf(object: KubeObject): JsonObject {
  return objectOf(object['spec']);
}

export function statusOf(object: KubeObject): JsonObject {
  return objectOf(object['status']);
}

export interface ObservedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export function conditionsOf(object: KubeObject): readonly ObservedCondition[] {
  return objectsOf(statusOf(object)['conditions']).map((each) => ({
    type: textOf(each['type']),
    status: textOf(each['status']),
    reason: textOf(each['reason']),
    message: textOf(each['message']),
    lastTransitionTime: textOf(each['lastTransitionTime']),
  }));
}

export function conditionOf(object: KubeObject, type: string): ObservedCondition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** The annotations of the pods that a Deployment or ReplicaSet makes. */
export function templateAnnotations(object: KubeObject): JsonObject {
  return objectOf(objectOf(objectOf(specOf(object)['template'])['metadata'])['annotations']);
}
