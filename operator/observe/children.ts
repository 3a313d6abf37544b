// Sorts what exists into ours, others', and what another operator made for us. Ours is what names the SeldonDeployment's uid
// as its controller: a name or a label alone proves nothing.
import { controllerOf, isControlledBy } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Observed } from './contract.ts';
import { kindAndName } from './contract.ts';

export interface Children {
  /** All that was observed, by `Kind/name`. */
  readonly all: ReadonlyMap<string, KubeObject>;
  readonly ours: readonly KubeObject[];
}

export function sortChildren({ object, children }: Observed): Children {
  const all = new Map(children.map((child) => [kindAndName(child), child]));
  return {
    all,
    ours: [...all.values()].filter((child) => isControlledBy(child, object.metadata.uid)),
  };
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
