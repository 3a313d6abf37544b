// Frees memory outside of the heap that nobody holds any more. V8 looks for it when more is asked for, so a process that was busy
// with large bodies and then is idle would keep what they took.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Garbage outside the heap that may be left to V8. */
export const MAX_GARBAGE_BYTES = 64 * 1024 * 1024;

let collect: (() => void) | undefined;

/** Looks whether much more is there than the bytes that are in use, and collects then. */
export function collectGarbage(usedBytes: number): void {
  if (process.memoryUsage().arrayBuffers - usedBytes < MAX_GARBAGE_BYTES) return;
  collect ??= exposedCollector();
  collect();
}

/** Node shows its collector to a context that is made after the flag was set. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? () => void Reflect.apply(found, undefined, []) : () => {};
}
