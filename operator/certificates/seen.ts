// What each replica has seen, as annotations of the Secret: `seen.sidegraph.io/<replica>`. Written only while an authority
// changes, so that the leader knows when the next step hurts nobody.
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Seen } from './rotation.ts';

const PREFIX = 'seen.sidegraph.io/';
const MAX_NAME = 63;

export function seenKey(replica: string): string {
  return `${PREFIX}${replica.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(-MAX_NAME)}`;
}

/** `<served>;<trusted>,<trusted>;<time>` */
export function renderSeen({ serves, trusts, atMs }: Omit<Seen, 'replica'>): string {
  return [serves, trusts.join(','), new Date(atMs).toISOString()].join(';');
}

/** Those that can be read; what else an annotation holds is nobody's. */
export function parseSeen(secret: KubeObject): Seen[] {
  return Object.entries(secret.metadata.annotations ?? {}).flatMap(([key, value]) => {
    if (!key.startsWith(PREFIX)) return [];
    const [serves = '', trusts = '', time = ''] = value.split(';');
    const atMs = Date.parse(time);
    if (Number.isNaN(atMs)) return [];
    const replica = key.slice(PREFIX.length);
    return [{ replica, serves, trusts: trusts.split(',').filter(Boolean), atMs }];
  });
}

/** Annotations without those of replicas that are gone: null removes one in a merge patch. */
export function dropOldSeen(secret: KubeObject, beforeMs: number): Record<string, null> {
  const old = parseSeen(secret).filter(({ atMs }) => atMs < beforeMs);
  return Object.fromEntries(old.map(({ replica }) => [`${PREFIX}${replica}`, null]));
}
