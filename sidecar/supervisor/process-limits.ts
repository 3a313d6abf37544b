// What the machine or the container lets the data plane of `run` take.
import { totalmem } from 'node:os';
import { type EnvoyBounds, envoyBounds } from '../../envoy/kit/overload.ts';
import { HEAP_SHARE, MAX_HEAP_BYTES } from '../../envoy/kit/limits.ts';
import { readOpenFileLimit } from '../../envoy/kit/open-files.ts';

/** Of the machine's memory, or of the container's that `run` is in, Envoy gets at most this share, and the filter another. */
const RUN_MEMORY_SHARE = 0.25;

/** Bounds of the Envoy that `run` starts beside models and whatever else is on the machine. */
export function runBounds(): EnvoyBounds {
  return envoyBounds(Math.min(runMemory(), MAX_HEAP_BYTES / HEAP_SHARE), readOpenFileLimit());
}

/** What one of `run`'s two parts may take of memory, beside models and whatever else is on the machine, bytes. */
export function runMemory(): number {
  return (containerMemory() ?? totalmem()) * RUN_MEMORY_SHARE;
}

/** The memory that the container of this process may take, bytes; undefined where none bounds it. */
export function containerMemory(): number | undefined {
  // 0, or more than there is, where none does.
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : undefined;
}
