// The few fields of Kubernetes' own objects that decisions and words are made from, read without trust: anybody may write them.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function record(value: unknown): Fields {
  return isPlainObject(value) ? value : {};
}

export function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isPlainObject) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function specOf(object: KubeObject): Fields {
  return record(object['spec']);
}

export function statusOf(object: KubeObject): Fields {
  return record(object['status']);
}

export interface ObservedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export function conditionsOf(object: KubeObject): readonly ObservedCondition[] {
  return list(statusOf(object)['conditions']).map((each) => ({
    type: text(each['type']),
    status: text(each['status']),
    reason: text(each['reason']),
    message: text(each['message']),
    lastTransitionTime: text(each['lastTransitionTime']),
  }));
}

export function conditionOf(object: KubeObject, type: string): ObservedCondition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** The annotations of the pods that a Deployment or ReplicaSet makes. */
export function templateAnnotations(object: KubeObject): Fields {
  return record(record(record(specOf(object)['template'])['metadata'])['annotations']);
}
