// What of each deployment the gateway does not do as it is written, for its status: settings that cannot be used, paths that
// another one has, and what Envoy refuses.
import type { Note } from '../../cluster/acknowledge.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { ResourceRejection } from '../xds/refusals.ts';

/** By `namespace/name`, sorted. */
export function listNotes(
  own: ReadonlyMap<string, readonly Note[]>,
  { parts, conflicts }: Snapshot,
  refusals: readonly ResourceRejection[],
): ReadonlyMap<string, readonly Note[]> {
  const all = new Map<string, Note[]>();
  const add = (key: string, notes: readonly Note[]) => {
    all.set(key, [...(all.get(key) ?? []), ...notes]);
  };
  for (const [key, notes] of own) add(key, notes);
  for (const { namespace, name, path, takenBy } of conflicts)
    add(`${namespace}/${name}`, [
      { path: 'gateway', message: `${path} is ${takenBy}'s, which is older; not served there` },
    ]);
  const refused = refusals.filter(({ kind }) => kind !== 'routes');
  if (refused.length > 0) {
    const owners = new Map(
      [...parts].flatMap(([key, { clusters }]) => clusters.map(({ name }) => [name, key] as const)),
    );
    for (const { kind, name, reason } of refused)
      add(owners.get(name) ?? '', [
        { path: 'gateway', message: `Envoy refuses the ${kind} of ${name} (${reason})` },
      ]);
  }
  all.delete('');
  return new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1)));
}
