// How far a Deployment is on its way: the same judgement for the status and for what may be removed.
import { numberOf, objectOf } from '../../graph/plan/json-value.ts';
import { conditionOf, specOf, statusOf } from './fields.ts';
import type { KubeObject } from '../../lib/kube/object.ts';

export interface Rollout {
  readonly state: 'Available' | 'Creating' | 'Failed';
  /** Pods that are asked for; those of all versions; those that serve. */
  readonly wanted: number;
  readonly replicas: number;
  readonly available: number;
  readonly updated: number;
  /** Why it is not available, as Kubernetes says it; '' for nothing to tell. */
  readonly message: string;
}

/** Seldon's own text. */
const STUCK = 'Deployment is no longer progressing and not available.';

export function judgeRollout(deployment: KubeObject): Rollout {
  const status = statusOf(deployment);
  const wanted = numberOf(specOf(deployment)['replicas'] ?? 1);
  const counts = {
    wanted,
    replicas: numberOf(status['replicas']),
    available: numberOf(status['availableReplicas']),
    updated: numberOf(status['updatedReplicas']),
  };
  const isSeen = numberOf(status['observedGeneration']) >= (deployment.metadata.generation ?? 0);
  const { replicas, available, updated } = counts;
  // More than `wanted` of old pods may still end; they need not be waited for.
  const isRolled = isSeen && updated >= wanted && available >= wanted && replicas - updated <= 0;
  if (isRolled) return { ...counts, state: 'Available', message: '' };
  const failure = conditionOf(deployment, 'ReplicaFailure');
  const progressing = conditionOf(deployment, 'Progressing');
  const isStuck = isSeen && progressing?.status === 'False';
  const message = failure?.status === 'True' ? failure.message : '';
  if (isStuck && available === 0) return { ...counts, state: 'Failed', message: message || STUCK };
  return { ...counts, state: 'Creating', message: message || (isStuck ? progressing.message : '') };
}

/** `spec.selector.matchLabels` as a selector's text. */
export function selectorText(deployment: KubeObject): string {
  const labels = objectOf(objectOf(specOf(deployment)['selector'])['matchLabels']);
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort()
    .join(',');
}
