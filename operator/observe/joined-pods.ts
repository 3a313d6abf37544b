// Pods of a predictor through which requests enter, and those among them that others make: the same judgement for the status and for
// what may be removed.
import type { KubeObject } from '../../lib/kube/object.ts';
import { LABELS, SELDON_LABELS } from '../../cluster/names.ts';
import type { PredictorWorkload } from '../workloads/workloads.ts';
import { conditionOf } from './fields.ts';
import { podsOf } from './pod-plans.ts';

export interface JoinedPods {
  /** Those that others make. Pods of ours, from when the graph had containers, have a component. */
  readonly joined: readonly KubeObject[];
  /** Whether the predictor's Service leads to any pod that is ready, of whoever made it. */
  readonly serves: boolean;
  /** Whether it leads to one of `joined`: nobody says how many of them there are to be, so one will do. */
  readonly isComplete: boolean;
}

/** Whether requests enter through pods that others make. */
export function isJoined({ joinedServices }: PredictorWorkload): boolean {
  return Object.keys(joinedServices).length > 0;
}

/** `pods` are those of the predictor. */
export function judgeJoined(pods: readonly KubeObject[]): JoinedPods {
  const joined = pods.filter(({ metadata }) => metadata.labels?.[LABELS.component] === undefined);
  return {
    joined,
    serves: pods.some(isServingEntry),
    isComplete: joined.some(isServingEntry),
  };
}

/** Whether each predictor whose pods others make has such a pod that answers. */
export function servesJoined(
  workloads: readonly PredictorWorkload[],
  pods: readonly KubeObject[],
): boolean {
  return workloads.filter(isJoined).every(({ name }) => judgeJoined(podsOf(name, pods)).isComplete);
}

/** Whether the predictor's Service leads to it, and it is ready. */
export function isServingEntry(pod: KubeObject): boolean {
  return isReady(pod) && pod.metadata.labels?.[SELDON_LABELS.app] !== undefined;
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}
