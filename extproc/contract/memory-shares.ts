// How the memory that the filter's processes may take is divided: what each may hold of messages. In: the bound of all of them
// together; out: the share of one. What is left is for Node itself, its heap, memory that was given back and not yet freed, and
// the thread that reads large messages.
import { MAX_HELD_BYTES } from '../../graph/plan/limits.ts';

const MIB = 1024 * 1024;

/** Of the limit, the part of the process that starts the filter. */
export const SUPERVISOR_BYTES = 96 * MIB;
/** Of each process's part, what Node takes before any request. */
export const NODE_BYTES = 64 * MIB;
/** Of the rest, the share that messages may hold, up to MAX_HELD_BYTES. */
export const HELD_SHARE = 0.5;
/** The least that may be held, however small the limit is. */
export const MIN_HELD_BYTES = 8 * MIB;

/** Bytes that one process may hold. `memoryBytes`: bound of the supervisor and all `workers` together; undefined for none. */
export function heldShare(memoryBytes: number | undefined, workers: number): number {
  if (memoryBytes === undefined) return MAX_HELD_BYTES;
  const rest = (memoryBytes - SUPERVISOR_BYTES) / workers - NODE_BYTES;
  return Math.floor(Math.min(Math.max(rest * HELD_SHARE, MIN_HELD_BYTES), MAX_HELD_BYTES));
}
