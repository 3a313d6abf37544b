// What differs from what was rendered: objects that are to be written, pods that serve another plan, what is left of earlier versions,
// names that others hold.
import type { KubeObject } from '../../lib/kube/object.ts';
import { describeForeign } from '../observe/children.ts';
import type { ReconcileInput } from '../observe/contract.ts';
import { kindAndName } from '../observe/contract.ts';
import { servesJoined } from '../observe/joined-pods.ts';
import { comparePlans } from '../observe/pod-plans.ts';
import type { PodPlans } from '../observe/pod-plans.ts';
import { findSuperseded } from '../observe/superseded.ts';
import type { Superseded } from '../observe/superseded.ts';
import type { Survey } from '../observe/survey.ts';
import type { Workloads } from '../workloads/workloads.ts';
import { selectWrites } from './select-writes.ts';
import type { Writes } from './select-writes.ts';

export interface Compared {
  readonly writes: Writes;
  /** By predictor. */
  readonly plans: ReadonlyMap<string, PodPlans>;
  readonly superseded: Superseded;
  /** Names that belong to others, each as a sentence. */
  readonly foreign: readonly string[];
}

export function compare(
  input: ReconcileInput,
  { children, former, injection }: Survey,
  workloads: Workloads,
): Compared {
  const { pods } = input;
  const ours = new Set(children.ours.map(kindAndName));
  const isForeign = (each: KubeObject): boolean =>
    children.all.has(kindAndName(each)) && !ours.has(kindAndName(each));
  const writes = selectWrites({
    workloads,
    injection,
    live: children.all,
    pods,
    former,
    isForeign,
  });
  return {
    writes,
    plans: comparePods(input, workloads, writes),
    superseded: findSuperseded({
      ...input,
      ours: children.ours,
      wanted: new Set(workloads.objects.map(kindAndName)),
      isSettled: writes.isSettled && servesJoined(workloads.predictors, pods),
    }),
    foreign: writes.foreign.map((name) => {
      const live = children.all.get(name);
      return live === undefined ? name : describeForeign(live);
    }),
  };
}

function comparePods(
  { pods, livePlans, nowMs }: ReconcileInput,
  { predictors }: Workloads,
  { apply }: Writes,
): ReadonlyMap<string, PodPlans> {
  const changed = new Set(
    apply.filter(({ how }) => how === 'update').map((each) => kindAndName(each.object)),
  );
  const compared = new Map<string, PodPlans>();
  for (const { name, planName, plan } of predictors) {
    if (planName === undefined) continue;
    const changesNow = changed.has(`ConfigMap/${planName}`);
    compared.set(name, comparePlans({ name, planName, plan, changesNow }, pods, livePlans, nowMs));
  }
  return compared;
}
