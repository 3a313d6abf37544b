// Asks a running Envoy, over its admin unix socket, what it has taken over: the version of each watched file and how
// many updates it refused.
import { askSocket } from '../../lib/runtime/ask-socket.ts';
import type { Json } from '../kit/json.ts';

/** GET on the admin socket; rejects when Envoy does not answer, or not with 200. */
export function askAdmin(socketPath: string, path: string, signal: AbortSignal): Promise<string> {
  return askSocket(socketPath, path, { signal });
}

/** What Envoy says of one watched file. */
export interface WatchedFileState {
  /** Version of the last update that it took, '' for none yet. */
  readonly version: string;
  readonly rejected: number;
}

const SUBSCRIPTION_STATS = '(cds|lds|rds\\..*)\\.(version_text|update_rejected)$';

/** Subscriptions by the start of their statistics: `cluster_manager.cds`, `http.<prefix>.rds.<table>` … */
export async function readSubscriptions(
  socketPath: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, WatchedFileState>> {
  const text = await askAdmin(
    socketPath,
    `/stats?filter=${encodeURIComponent(SUBSCRIPTION_STATS)}`,
    signal,
  );
  const found = new Map<string, WatchedFileState>();
  for (const line of text.split('\n')) {
    const match = /^(.+)\.(version_text|update_rejected): (.*)/.exec(line);
    if (match?.[1] === undefined || match[3] === undefined) continue;
    const before = found.get(match[1]) ?? { version: '', rejected: 0 };
    found.set(
      match[1],
      match[2] === 'version_text'
        ? { ...before, version: match[3].replaceAll('"', '') }
        : { ...before, rejected: Number(match[3]) },
    );
  }
  return found;
}

/** Names of the clusters that serve, warming ones left out. */
export async function readActiveClusters(
  socketPath: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const parsed = JSON.parse(await askAdmin(socketPath, '/clusters?format=json', signal)) as {
    cluster_statuses?: readonly { name?: string }[];
  };
  return new Set((parsed.cluster_statuses ?? []).map((each) => each.name ?? ''));
}

/** Listeners that Envoy has taken but that do not serve yet. */
export async function readWarmingListeners(
  socketPath: string,
  signal: AbortSignal,
): Promise<number> {
  const name = 'listener_manager.total_listeners_warming';
  const text = await askAdmin(socketPath, `/stats?filter=${name}`, signal);
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}

/** Envoy's own words for refused updates, '' when it kept none. */
export async function readErrors(socketPath: string, signal: AbortSignal): Promise<string> {
  const dump = JSON.parse(await askAdmin(socketPath, '/config_dump', signal)) as Json;
  const found: string[] = [];
  collectErrors(dump, found);
  return [...new Set(found)].join('; ');
}

function collectErrors(value: Json, found: string[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const each of value) collectErrors(each as Json, found);
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    const details = key === 'error_state' ? (each as { details?: Json }).details : undefined;
    if (typeof details === 'string') found.push(details);
    else collectErrors(each as Json, found);
  }
}
