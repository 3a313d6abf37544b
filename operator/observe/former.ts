// What another operator has written in our children. An apply does not remove the fields of another manager, so they are made ours
// first. Where it writes on after that the two would undo each other's work for ever: that is seen by our own entry in the managed
// fields, which outlives a writer that replaces labels and annotations whole, and then nothing is written any more.
import { objectOf } from '../../graph/plan/json-value.ts';
import { refOf } from '../../lib/kube/kinds.ts';
import type { KubeObject, ManagedFields } from '../../lib/kube/object.ts';
import { FIELD_MANAGERS } from '../../cluster/names.ts';
import type { ControllerClaim } from './claim.ts';
import { isClaimedAfter } from './claim.ts';
import type { TakeOver } from './contract.ts';
import { kindAndName } from './contract.ts';

/** After its last write the former operator gets that long to see that the object is not its own any more, ms. */
const QUIET_MS = 2000;

export interface Former {
  /** What it made, or has written since: its fields are to become ours before the next apply. */
  readonly takeOver: readonly TakeOver[];
  /** Names of objects that it wrote after we had taken them under the present claim. */
  readonly contested: readonly string[];
  /** Until it has been quiet for long enough. */
  readonly waitMs: number;
}

const NO_FORMER: Former = { takeOver: [], contested: [], waitMs: 0 };

export function hasFormer({ takeOver, contested }: Former): boolean {
  return takeOver.length > 0 || contested.length > 0;
}

export function findFormer(
  ours: readonly KubeObject[],
  managers: readonly string[],
  claim: ControllerClaim,
  nowMs: number,
): Former {
  const written = ours.flatMap((child) => {
    const entries = entriesOf(child, managers);
    return entries.length === 0 ? [] : [{ child, entries }];
  });
  // Others' programs have the same name: one that notes something on an object is not one that made it.
  if (!written.some(({ entries }) => entries.some(writesSpec))) return NO_FORMER;
  const takeOver: TakeOver[] = [];
  const contested: string[] = [];
  let waitMs = 0;
  for (const { child, entries } of written) {
    const own = ownEntry(child, FIELD_MANAGERS.children);
    const last = Math.max(...entries.map(timeOf));
    if (own !== undefined && entries.some(writesSpec)) {
      if (!isClaimedAfter(claim, timeOf(own))) contested.push(kindAndName(child));
      else waitMs = Math.max(waitMs, last + QUIET_MS - nowMs);
    }
    takeOver.push({ ref: refOf(child), uid: child.metadata.uid ?? '', managers: namesOf(entries) });
  }
  return { takeOver, contested, waitMs: Math.min(waitMs, QUIET_MS) };
}

/** The fields of a former operator in the status: what ours no longer names would stay in it for ever. */
export function findFormerStatus(object: KubeObject, managers: readonly string[]): TakeOver[] {
  const entries = entriesOf(object, managers, 'status');
  if (entries.length === 0) return [];
  const uid = object.metadata.uid ?? '';
  return [{ ref: refOf(object), uid, managers: namesOf(entries), subresource: 'status' }];
}

/** Whether we have written the status, or still own something of it. */
export function hasOwnStatus(object: KubeObject): boolean {
  return ownEntry(object, FIELD_MANAGERS.status, 'status') !== undefined;
}

/** Whether we have ever applied it. */
export function wasApplied(child: KubeObject): boolean {
  return ownEntry(child, FIELD_MANAGERS.children) !== undefined;
}

function entriesOf(
  { metadata }: KubeObject,
  managers: readonly string[],
  subresource?: string,
): readonly ManagedFields[] {
  return (metadata.managedFields ?? []).filter(
    (entry) => entry.subresource === subresource && managers.includes(entry.manager ?? ''),
  );
}

function ownEntry(
  { metadata }: KubeObject,
  manager: string,
  subresource?: string,
): ManagedFields | undefined {
  return metadata.managedFields?.find(
    (entry) =>
      entry.subresource === subresource && entry.manager === manager && entry.operation === 'Apply',
  );
}

function writesSpec({ fieldsV1 }: ManagedFields): boolean {
  return Object.keys(objectOf(objectOf(fieldsV1)['f:spec'])).length > 0;
}

function timeOf({ time }: ManagedFields): number {
  return Date.parse(time ?? '') || 0;
}

function namesOf(entries: readonly ManagedFields[]): readonly string[] {
  return [...new Set(entries.map(({ manager }) => manager ?? ''))].sort();
}
