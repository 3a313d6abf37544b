// Which of the rendered objects are written now: those that differ from what lives, but for names of others, and Services that users call, which wait until the pods that they are to lead to serve.
import type { KubeObject } from '../../lib/kube/object.ts';
import { TRAFFIC_KINDS } from '../config/other-kinds.ts';
import type { Workloads } from '../workloads/workloads.ts';
import type { Former } from '../observe/former.ts';
import type { Application } from '../observe/contract.ts';
import { kindAndName } from '../observe/contract.ts';
import { selectAllowed } from '../observe/injection.ts';
import type { Injection } from '../observe/injection.ts';
import { contains, isApplied, markIntent } from './intent.ts';
import { judgeRollout } from '../observe/rollout.ts';
import { stageService } from './stage-service.ts';

export interface WritesInput {
  readonly workloads: Workloads;
  readonly injection: Injection;
  /** All that was observed, by `Kind/name`. */
  readonly live: ReadonlyMap<string, KubeObject>;
  readonly pods: readonly KubeObject[];
  readonly former: Former;
  readonly isForeign: (object: KubeObject) => boolean;
}

export interface Writes {
  readonly apply: readonly Application[];
  /** `Kind/name` of what belongs to others. */
  readonly foreign: readonly string[];
  /** Whether all that is wanted is there as it should be, and serves. */
  readonly isSettled: boolean;
  /** Names of Deployments whose pods change by this reconcile: what they report is about to be old. */
  readonly rolling: readonly string[];
}

export function selectWrites(input: WritesInput): Writes {
  const { workloads, injection, live, pods, former, isForeign } = input;
  const foreign = workloads.objects.filter(isForeign).map(kindAndName);
  const allowed = selectAllowed(injection, workloads.objects, (each) =>
    live.has(kindAndName(each)),
  );
  const mine = allowed.filter((each) => !foreign.includes(kindAndName(each)));
  const isRolledOut = workloads.objects
    .filter(({ kind }) => kind === 'Deployment')
    .every((each) => isServing(each, live.get(kindAndName(each))));
  const rollout = { wanted: workloads.objects, live, pods, isRolledOut };
  const taken = new Set(former.takeOver.map(({ ref }) => `${ref.kind}/${ref.name}`));
  const apply: Application[] = [];
  for (const wanted of mine) {
    const name = kindAndName(wanted);
    const existing = live.get(name);
    if (existing?.metadata.deletionTimestamp !== undefined) continue;
    // Requests are led to new pods when they serve.
    if (TRAFFIC_KINDS.includes(wanted.kind) && !isRolledOut) continue;
    const object = markIntent(stageService(wanted, existing, rollout));
    if (existing === undefined) apply.push({ object, how: 'create' });
    // What is taken over is applied even where all of ours is still in it: what does not is to go.
    else if (taken.has(name) || !isApplied(object, existing)) apply.push({ object, how: 'update' });
  }
  const rolling = apply
    .filter(({ object, how }) => how === 'update' && object.kind === 'Deployment')
    .filter(
      ({ object }) =>
        taken.has(kindAndName(object)) ||
        !contains(live.get(kindAndName(object))?.['spec'], object['spec']),
    )
    .map(({ object }) => object.metadata.name);
  const isComplete = mine.length === workloads.objects.length && apply.length === 0;
  return { apply, foreign, isSettled: isComplete && isRolledOut, rolling };
}

function isServing(wanted: KubeObject, live: KubeObject | undefined): boolean {
  if (live === undefined || !isApplied(markIntent(wanted), live)) return false;
  return judgeRollout(live).state === 'Available';
}
