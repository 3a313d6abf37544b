// Waits until a running Envoy has taken over files that were just written, or says that it did not.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type WatchedFileState,
  readActiveClusters,
  readErrors,
  readSubscriptions,
  readWarmingListeners,
} from './admin.ts';
import { CDS, LDS, type WatchedFile } from './watched-files.ts';

const POLL_MS = 10;

export interface SeenOptions {
  readonly adminSocket: string;
  /** Refused updates by subscription, as they were before the files were written. */
  readonly refusedBefore: ReadonlyMap<string, WatchedFileState>;
  /** Clusters that must serve when the clusters' file is among the files. */
  readonly clusters: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** undefined when Envoy runs the files' versions, else what went wrong. */
export async function awaitSeen(
  files: readonly WatchedFile[],
  options: SeenOptions,
): Promise<string | undefined> {
  const endMs = performance.now() + options.timeoutMs;
  let missing = 'Envoy does not answer';
  while (performance.now() < endMs && !options.signal.aborted) {
    const look = await lookOnce(files, options).catch(
      (error: unknown): Look => ({ kind: 'waiting', for: String(error) }),
    );
    if (look.kind === 'seen') return undefined;
    if (look.kind === 'refused') return look.reason;
    missing = look.for;
    await delay(POLL_MS);
  }
  return options.signal.aborted ? 'given up' : `${missing} (after ${options.timeoutMs} ms)`;
}

type Look =
  | { readonly kind: 'seen' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly for: string };

async function lookOnce(files: readonly WatchedFile[], options: SeenOptions): Promise<Look> {
  const { adminSocket, signal, refusedBefore } = options;
  const found = await readSubscriptions(adminSocket, signal);
  for (const [name, { rejected }] of found) {
    if (rejected <= (refusedBefore.get(name)?.rejected ?? 0)) continue;
    const words = await readErrors(adminSocket, signal).catch(() => '');
    return { kind: 'refused', reason: `Envoy refused ${name}: ${words}` };
  }
  const open = files.filter((each) => !isTaken(found, each));
  if (open.length > 0) {
    return {
      kind: 'waiting',
      for: `Envoy has not taken ${open.map((each) => each.path).join(', ')}`,
    };
  }
  if (files.some((each) => each.subscription === CDS)) {
    const active = await readActiveClusters(adminSocket, signal);
    const cold = options.clusters.filter((name) => !active.has(name));
    if (cold.length > 0) return { kind: 'waiting', for: `clusters not ready: ${cold.join(', ')}` };
  }
  if (files.some((each) => each.subscription === LDS)) {
    const warming = await readWarmingListeners(adminSocket, signal);
    if (warming > 0) return { kind: 'waiting', for: `${warming} listeners not ready` };
  }
  return { kind: 'seen' };
}

/** A table may be followed by several listeners, of which one drains: all must have it. */
function isTaken(found: ReadonlyMap<string, WatchedFileState>, each: WatchedFile): boolean {
  const mine = [...found].filter(
    ([name]) => name === each.subscription || name.endsWith(`.${each.subscription}`),
  );
  return mine.length > 0 && mine.every(([, { version }]) => version === each.file.version);
}
