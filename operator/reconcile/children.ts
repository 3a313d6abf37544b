// Sorts what exists into ours, others', and what another operator made for us. Ours is what names the SeldonDeployment's uid
// as its controller: a name or a label alone proves nothing.
import type { KubeObject } from '../kube/object.ts';
import { ANNOTATIONS } from '../names.ts';
import type { ReconcileInput, TakeOver } from './contract.ts';
import { controllerOf, nameOf } from './contract.ts';
import { refOf } from '../kube/kinds.ts';

export interface Children {
  /** All that was observed, by `Kind/name`. */
  readonly all: ReadonlyMap<string, KubeObject>;
  readonly ours: readonly KubeObject[];
}

export function sortChildren({ object, children }: ReconcileInput): Children {
  const all = new Map(children.map((child) => [nameOf(child), child]));
  return { all, ours: [...all.values()].filter((child) => isOurs(child, object)) };
}

export function isOurs(child: KubeObject, owner: KubeObject): boolean {
  return controllerOf(child)?.uid === owner.metadata.uid && owner.metadata.uid !== undefined;
}

export function ofKind(objects: readonly KubeObject[], kind: string): readonly KubeObject[] {
  return objects.filter((object) => object.kind === kind);
}

/** Why a name that we need cannot be had, in words. */
export function describeForeign(child: KubeObject): string {
  const owner = controllerOf(child);
  const holder =
    owner === undefined ? 'somebody else made it' : `it belongs to ${owner.kind} ${owner.name}`;
  return `${child.kind} ${child.metadata.name} exists and ${holder}`;
}

/** How long after its last write another manager counts as one that keeps writing, ms. */
const STILL_WRITING_MS = 60_000;

export interface Former {
  /** Made by the former operator: its fields are to become ours before the first apply. */
  readonly takeOver: readonly TakeOver[];
  /** Names of objects that it wrote after we had applied them. */
  readonly contested: readonly string[];
}

/**
 * What another operator has written in our children. An apply does not remove the fields of another manager, so they
 * are made ours first; where it writes on after that, the two would undo each other's work for ever.
 */
export function findFormer(
  ours: readonly KubeObject[],
  managers: readonly string[],
  nowMs: number,
): Former {
  const takeOver: TakeOver[] = [];
  const contested: string[] = [];
  for (const child of ours) {
    const entries = (child.metadata.managedFields ?? []).filter(
      (entry) =>
        entry.subresource === undefined &&
        entry.manager !== undefined &&
        managers.includes(entry.manager),
    );
    if (entries.length === 0) continue;
    const wasApplied = child.metadata.annotations?.[ANNOTATIONS.intent] !== undefined;
    const last = Math.max(...entries.map((entry) => Date.parse(entry.time ?? '') || 0));
    if (wasApplied && nowMs - last < STILL_WRITING_MS) contested.push(nameOf(child));
    else {
      const names = [...new Set(entries.map((entry) => entry.manager ?? ''))].sort();
      takeOver.push({ ref: refOf(child), uid: child.metadata.uid ?? '', managers: names });
    }
  }
  return { takeOver, contested };
}

/** The fields of a former operator in the status: what ours no longer names would stay in it for ever. */
export function findFormerStatus(object: KubeObject, managers: readonly string[]): TakeOver[] {
  const names = (object.metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource === 'status')
    .flatMap(({ manager }) =>
      manager !== undefined && managers.includes(manager) ? [manager] : [],
    );
  if (names.length === 0) return [];
  const uid = object.metadata.uid ?? '';
  return [{ ref: refOf(object), uid, managers: [...new Set(names)].sort(), subresource: 'status' }];
}
