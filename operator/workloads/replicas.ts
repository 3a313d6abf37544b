// How many pods a Deployment asks for, and who decides. With an autoscaler the field must be left out; our manager gives it away
// first, since server-side apply takes back to 1 what its only owner no longer names (seen: 4 became 1).
import type { KubeObject } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import { liveReplicas, ownsReplicasAlone } from './live.ts';
import type { ReplicasTransfer } from './workloads.ts';

export interface ReplicasInput {
  readonly deployment: string;
  /** componentSpec, predictor, spec: the first that says something. */
  readonly written: readonly (number | undefined)[];
  /** Fewest pods of the autoscaler; undefined without one. */
  readonly autoscalerMin: number | undefined;
  readonly live: KubeObject | undefined;
  /** The Deployment that a new one takes the place of. */
  readonly predecessor: KubeObject | undefined;
}

export interface Replicas {
  /** Undefined: left out. */
  readonly replicas: number | undefined;
  readonly transfer: ReplicasTransfer | undefined;
}

export function decideReplicas(input: ReplicasInput): Replicas {
  const { deployment, written, autoscalerMin, live, predecessor } = input;
  const asked = written.find((replicas) => typeof replicas === 'number');
  if (autoscalerMin === undefined) return { replicas: asked ?? 1, transfer: undefined };
  if (live === undefined) {
    // The first apply names what is behind the Service now; the next one gives it to the autoscaler.
    const before = predecessor === undefined ? (asked ?? 1) : liveReplicas(predecessor);
    return { replicas: Math.max(before, autoscalerMin), transfer: undefined };
  }
  if (!ownsReplicasAlone(live)) return { replicas: undefined, transfer: undefined };
  const replicas = liveReplicas(live);
  return {
    replicas: undefined,
    transfer: { deployment, manager: FIELD_MANAGERS.replicas, replicas },
  };
}
