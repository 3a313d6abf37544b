// Which of the rendered objects are written now: those that differ from what lives, but for names of others, and Services that users call, which wait until the pods that they are to lead to serve.
import type { KubeObject } from '../kube/object.ts';
import { SELDON_LABELS } from '../names.ts';
import type { Workloads } from '../workloads/workloads.ts';
import type { Former } from './former.ts';
import type { Application } from './contract.ts';
import { nameOf } from './contract.ts';
import { list, number, record, specOf, text } from './fields.ts';
import { selectAllowed } from './injection.ts';
import type { Injection } from './injection.ts';
import { contains, hasIntent, isApplied, markIntent } from './intent.ts';
import { judgeRollout } from './rollout.ts';

export interface WritesInput {
  readonly workloads: Workloads;
  readonly injection: Injection;
  /** All that was observed, by `Kind/name`. */
  readonly live: ReadonlyMap<string, KubeObject>;
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
  const { workloads, injection, live, former, isForeign } = input;
  const foreign = workloads.objects.filter(isForeign).map(nameOf);
  const allowed = selectAllowed(injection, workloads.objects, (each) => live.has(nameOf(each)));
  const mine = allowed.filter((each) => !foreign.includes(nameOf(each)));
  const isRolledOut = workloads.objects
    .filter(({ kind }) => kind === 'Deployment')
    .every((each) => isServing(each, live.get(nameOf(each))));
  const taken = new Set(former.takeOver.map(({ ref }) => `${ref.kind}/${ref.name}`));
  const apply: Application[] = [];
  for (const wanted of mine) {
    const name = nameOf(wanted);
    const existing = live.get(name);
    if (existing?.metadata.deletionTimestamp !== undefined) continue;
    const object = markIntent(stage(wanted, existing, isRolledOut));
    if (existing === undefined) apply.push({ object, how: 'create' });
    // What is taken over is applied even where all of ours still stands in it: what does not is to go.
    else if (taken.has(name) || !isApplied(object, existing)) apply.push({ object, how: 'update' });
  }
  const rolling = apply
    .filter(({ object, how }) => how === 'update' && object.kind === 'Deployment')
    .filter(
      ({ object }) =>
        taken.has(nameOf(object)) || !contains(live.get(nameOf(object))?.['spec'], object['spec']),
    )
    .map(({ object }) => object.metadata.name);
  const isComplete = mine.length === workloads.objects.length && apply.length === 0;
  return { apply, foreign, isSettled: isComplete && isRolledOut, rolling };
}

function isServing(wanted: KubeObject, live: KubeObject | undefined): boolean {
  if (live === undefined || !isApplied(markIntent(wanted), live)) return false;
  return judgeRollout(live).state === 'Available';
}

/**
 * A Service as it may be now. Before the new pods serve, the one that users call leads where it led; that of a container
 * has the old ports beside the new ones, since old and new pods call it.
 */
function stage(wanted: KubeObject, live: KubeObject | undefined, isRolledOut: boolean): KubeObject {
  if (wanted.kind !== 'Service' || live === undefined || isRolledOut) return wanted;
  // Applied already: what differs was changed by hand.
  if (hasIntent(live, wanted)) return wanted;
  const spec = record(wanted['spec']);
  const ports = list(spec['ports']);
  const old = list(specOf(live)['ports']);
  if (SELDON_LABELS.app in record(spec['selector'])) {
    const selector = specOf(live)['selector'];
    return { ...wanted, spec: { ...spec, selector, ports: old.map(bare) } };
  }
  const kept = old.filter((port) => !ports.some((each) => meets(each, port)));
  if (kept.length === 0) return wanted;
  const renamed = kept.map((port) => ({ ...bare(port), name: `old-${number(port['port'])}` }));
  return { ...wanted, spec: { ...spec, ports: [...ports, ...renamed] } };
}

function meets(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): boolean {
  return number(one['port']) === number(other['port']);
}

/** A port without what the server filled in. */
function bare(port: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { nodePort: _, ...rest } = port;
  return { ...rest, name: text(port['name']) };
}
