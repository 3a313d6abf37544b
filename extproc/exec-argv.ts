// How Node should be started for the filter's process; the supervisor passes these before the script's name.

const COMPILE_CACHE = new URL('./compile-cache.mjs', import.meta.url).href;

/** Arguments of Node itself, to be followed by the script's name. */
export const workerExecArgv: readonly string[] = [
  // Type stripping is what runs this project; its warning would be the first line of every log.
  '--disable-warning=ExperimentalWarning',
  `--import=${COMPILE_CACHE}`,
  // The walk lives on bytes outside the heap; a small young generation keeps the process small.
  '--max-semi-space-size=8',
  // A heap that grows beyond this is a leak: better a restart by the supervisor than a machine out of memory.
  '--max-old-space-size=512',
  // Failures are values here; an Error is a bug or a socket's, and its top frames name the place.
  '--stack-trace-limit=5',
];
