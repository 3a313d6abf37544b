// Finds the live Deployment that a component becomes, and with which name and selector. A selector cannot be changed: the live
// one is copied; where the new pods could not have its labels, another name is beside the old one until that is gone.
import { isControlledBy } from '../../lib/kube/object.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Labels } from './labels.ts';
import { liveSelector } from './live.ts';
import { hashName } from '../../cluster/object-names.ts';
import type { Owner } from './workloads.ts';

export interface Identity {
  readonly name: string;
  readonly selector: Labels;
  /** Labels that only the live selector asks for. */
  readonly extraLabels: Labels;
  readonly live: KubeObject | undefined;
}

/**
 * `fixed` are the labels that Services and selectors stand on: the live selector may ask for more, not for others. `app` is
 * among them under the name that is chosen.
 */
export function identifyDeployment(
  wanted: { readonly name: string; readonly selector: Labels; readonly fixed: Labels },
  deployments: readonly KubeObject[],
  owner: Owner,
): Identity {
  const find = (name: string): KubeObject | undefined =>
    deployments.find((live) => live.metadata.name === name && isControlledBy(live, owner.uid));
  const { name, selector } = wanted;
  // The name beside is chosen for good: going back to the first one would be another rollout.
  const beside = hashName(
    `${name}/${JSON.stringify(Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1)))}`,
  );
  for (const candidate of [beside, name]) {
    const live = find(candidate);
    if (live === undefined) continue;
    const adopted = adoptSelector(live, { ...wanted.fixed, app: candidate });
    if (adopted !== undefined) return { name: candidate, live, ...adopted };
  }
  const free = find(name) === undefined ? name : beside;
  return { name: free, selector: withApp(selector, free), extraLabels: {}, live: undefined };
}

function adoptSelector(
  live: KubeObject,
  fixed: Labels,
): Pick<Identity, 'selector' | 'extraLabels'> | undefined {
  const selector = liveSelector(live);
  const entries = Object.entries(selector);
  // One that selects by expressions alone is not ours to understand.
  if (entries.length === 0) return undefined;
  if (entries.some(([key, value]) => fixed[key] !== undefined && fixed[key] !== value))
    return undefined;
  const extra = entries.filter(([key]) => fixed[key] === undefined);
  return { selector, extraLabels: Object.fromEntries(extra) };
}

function withApp(selector: Labels, name: string): Labels {
  return selector['app'] === undefined ? selector : { ...selector, app: name };
}
