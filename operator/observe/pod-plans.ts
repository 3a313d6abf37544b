// Which pods serve which plan, and what brings the others to the current one. A changed map reaches a pod a minute later by itself;
// a patch of the pod makes the kubelet look at once. Since two watches have no order between them, the pod is then asked.
import { objectsOf, textOf } from '../../graph/plan/json-value.ts';
import { statusOf } from './fields.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { ANNOTATIONS, CONTAINERS, LABELS } from '../../cluster/names.ts';
import { labelValue } from '../../cluster/object-names.ts';
import type { LivePlan, PlanQuestion, PodAnnotation } from './contract.ts';

/** A pod that answered with an old plan is nudged again after this, ms; the kubelet takes up to 1 s in bursts. */
const NUDGE_MS = 2000;
/** A pod that could not be asked is asked again after this, ms. */
const UNREACHABLE_MS = 30_000;

export interface MountedPlan {
  readonly name: string;
  /** The ConfigMap that is mounted by pods with the current containers. */
  readonly planName: string;
  readonly plan: Plan;
  /** Whether this very reconcile writes another plan into the map. */
  readonly changesNow: boolean;
}

export interface PodPlans {
  readonly annotate: readonly PodAnnotation[];
  readonly ask: readonly PlanQuestion[];
  /** Pods by the hash that they serve; `unknown` for those that could not be asked yet. */
  readonly counts: Readonly<Record<string, number>>;
  readonly isLive: boolean;
  readonly unreachable: number;
  readonly requeueAfterMs: number | undefined;
}

export const UNKNOWN_PLAN = 'unknown';

export function comparePlans(
  predictor: MountedPlan,
  pods: readonly KubeObject[],
  livePlans: ReadonlyMap<string, LivePlan>,
  nowMs: number,
): PodPlans {
  const { planName, plan, changesNow } = predictor;
  const annotate: PodAnnotation[] = [];
  const ask: PlanQuestion[] = [];
  const counts: Record<string, number> = {};
  const waits: number[] = [];
  let unreachable = 0;
  let stale = 0;
  for (const pod of podsOf(predictor.name, pods)) {
    const { annotations = {}, uid = '' } = pod.metadata;
    const address = textOf(statusOf(pod)['podIP']);
    if (!runsFilter(pod) || address === '') continue;
    const live = livePlans.get(uid);
    const served = live?.hash ?? UNKNOWN_PLAN;
    counts[served] = (counts[served] ?? 0) + 1;
    // A pod with other containers has its own map, and keeps the plan in it until it ends.
    if (annotations[ANNOTATIONS.planMap] !== planName) continue;
    if (live?.hash === plan.hash && !changesNow) continue;
    const asked = annotations[ANNOTATIONS.planHash];
    const isOld = live !== undefined && live.hash !== undefined && live.hash !== plan.hash;
    if (asked !== plan.hash) {
      if (changesNow || asked !== undefined || isOld)
        annotate.push({ ref: refOf(pod), annotations: { [ANNOTATIONS.planHash]: plan.hash } });
    } else if (isOld) {
      const nudgedAt = Date.parse(annotations[ANNOTATIONS.planNudge] ?? '') || 0;
      if (nowMs - nudgedAt < NUDGE_MS) waits.push(nudgedAt + NUDGE_MS - nowMs);
      else annotate.push({ ref: refOf(pod), annotations: nudge(nowMs) });
    }
    const isUnreachable = live !== undefined && live.hash === undefined;
    if (isUnreachable) unreachable += 1;
    else stale += 1;
    const waitMs = isUnreachable && !changesNow ? live.askedAtMs + UNREACHABLE_MS - nowMs : 0;
    if (waitMs > 0) waits.push(waitMs);
    else ask.push({ pod: pod.metadata.name, uid, address, expected: plan.hash });
  }
  return {
    annotate,
    ask,
    counts,
    isLive: stale === 0 && unreachable === 0,
    unreachable,
    requeueAfterMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

/** Pods of a predictor that are not ending. */
export function podsOf(predictor: string, pods: readonly KubeObject[]): readonly KubeObject[] {
  return pods.filter(
    ({ metadata }) =>
      metadata.deletionTimestamp === undefined &&
      metadata.labels?.[LABELS.predictor] === labelValue(predictor),
  );
}

function nudge(nowMs: number): Record<string, string> {
  return { [ANNOTATIONS.planNudge]: new Date(nowMs).toISOString() };
}

function runsFilter(pod: KubeObject): boolean {
  const containers = objectsOf(statusOf(pod)['initContainerStatuses']);
  return containers.some((each) => each['name'] === CONTAINERS.filter && each['started'] === true);
}
