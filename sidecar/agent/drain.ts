// The end of a pod, in order: readiness fails; Envoy goes on taking requests while endpoints and proxies learn of it, each response
// closing its connection; then it takes no more, and what is in flight ends. Done once, whoever asks: the pod's hook,
// SIGTERM, or both.
import { writeFileSync } from 'node:fs';
import type { TextLog } from '../supervisor/log.ts';
import type { DataPlane } from '../supervisor/data-plane.ts';
import type { SidecarState } from './state.ts';

/** Share of the drain in which requests are still taken; the rest is for what is in flight, before the units are told to end. */
const ACCEPT_SHARE = 0.7;

export interface DrainParts {
  readonly dataPlane: DataPlane;
  readonly state: SidecarState;
  readonly drainMs: number;
  /** The longest that a request may take, ms. */
  readonly longestMs: () => number;
  /** The file that tells an agent after this one. */
  readonly marker: string;
  readonly log: TextLog;
}

/** Gives a function that drains once and answers all that ask with the same end. */
export function prepareDrain(parts: DrainParts): () => Promise<void> {
  let draining: Promise<void> | undefined;
  return () => (draining ??= drain(parts));
}

async function drain(parts: DrainParts): Promise<void> {
  const { dataPlane, state, drainMs, longestMs, marker, log } = parts;
  state.noteDraining();
  try {
    writeFileSync(marker, '');
  } catch {
    // Without it a restarted agent would serve behind closed listeners; nothing else depends on it.
  }
  const acceptMs = Math.round(drainMs * ACCEPT_SHARE);
  log.info(`ending: requests are taken for ${acceptMs} ms more`);
  const startedAt = performance.now();
  await dataPlane.drain({ acceptMs, limitMs: drainMs - acceptMs + longestMs() });
  log.info(`Envoy is drained after ${Math.round(performance.now() - startedAt)} ms`);
}
