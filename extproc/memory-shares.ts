// How the memory that the filter's processes may take is divided: what each may hold of messages, and how large its JavaScript
// heap may grow. In: the bound of all of them together; out: the shares of one. What is left is for Node itself, for memory that
// was given back and not yet freed, and for the thread that reads large messages.
import { MAX_HELD_BYTES } from '../graph/limits.ts';

const MIB = 1024 * 1024;

/** Of the bound, the part of the process that starts the filter's. */
export const SUPERVISOR_BYTES = 96 * MIB;
/** Of each process's part, what Node takes before any request. */
export const NODE_BYTES = 64 * MIB;
/** Of the rest, the bytes of messages that may be held, up to MAX_HELD_BYTES. */
export const HELD_SHARE = 0.5;
/** Of the rest, the JavaScript heap, up to MAX_HEAP_BYTES. */
export const HEAP_SHARE = 0.25;
/** A heap that grows beyond this is a leak: better a restart by the supervisor than a machine out of memory. */
export const MAX_HEAP_BYTES = 512 * MIB;
/** Less than this serves nobody, however small the bound is. */
export const MIN_HELD_BYTES = 8 * MIB;
/** The same of the JavaScript heap. */
export const MIN_HEAP_BYTES = 48 * MIB;

export interface MemoryShares {
  readonly heldBytes: number;
  readonly heapBytes: number;
}

/** `memoryBytes`: bound of the supervisor and all `workers` together; null for none. */
export function memoryShares(memoryBytes: number | null, workers: number): MemoryShares {
  if (memoryBytes === null) return { heldBytes: MAX_HELD_BYTES, heapBytes: MAX_HEAP_BYTES };
  const rest = (memoryBytes - SUPERVISOR_BYTES) / workers - NODE_BYTES;
  return {
    heldBytes: between(MIN_HELD_BYTES, rest * HELD_SHARE, MAX_HELD_BYTES),
    heapBytes: between(MIN_HEAP_BYTES, rest * HEAP_SHARE, MAX_HEAP_BYTES),
  };
}

/** Arguments of Node and of the process that hold it to its shares. */
export function shareArguments({ heldBytes, heapBytes }: MemoryShares): {
  readonly node: readonly string[];
  readonly process: readonly string[];
} {
  return {
    node: [`--max-old-space-size=${Math.floor(heapBytes / MIB)}`],
    process: ['--max-held-bytes', String(heldBytes)],
  };
}

function between(least: number, bytes: number, most: number): number {
  return Math.floor(Math.min(Math.max(bytes, least), most));
}
