// How Node should be started: for `sidegraph`, and for the filter's process, where the supervisor passes these before the script's name.
// The compile cache is bound to them.

const COMPILE_CACHE = new URL('./compile-cache.mjs', import.meta.url).href;

/** One thread of V8's for collector and compilers beside the main one. Its default of four costs each process 1 to 1.5 MB and saves no time. */
export const ONE_HELPER = ['--v8-pool-size=1'] as const;

/** Of the command line, which is also a pod's agent; the import of the compile cache and the script's name follow. `bin/sidegraph` has the same. */
export const commandExecArgv = [
  // Type stripping is what runs this project; its warning would be the first line of every log.
  '--disable-warning=ExperimentalWarning',
  // What reads and renders a plan is garbage at once; then there is little to do. V8's default keeps 5 MB more for it, for good.
  '--max-semi-space-size=1',
  ...ONE_HELPER,
] as const;

/** Arguments of Node itself, to be followed by the script's name. */
export const workerExecArgv: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  `--import=${COMPILE_CACHE}`,
  // The walk lives on bytes outside the heap, and those are freed when the young generation is swept: sweep often.
  // Bodies of 220 KB at 16 connections: 190 MB resident with 8, 110 MB with 1 and the environment below.
  '--max-semi-space-size=1',
  ...ONE_HELPER,
  // V8 frees what it compiled with on a thread that has other work, so that several compilations' memory is there at once, and
  // glibc keeps it: 41 MB of the process's own with that, 31 without.
  '--no-maglev-destroy-on-background',
  // A heap that grows beyond this is a leak: better a restart by the supervisor than a machine out of memory. Where bodies, which are
  // outside of the heap, come to half of it, V8 collects all garbage at each further one: with 512 and 250 MB held every
  // other request waited for 60 ms.
  '--max-old-space-size=1024',
  // Failures are values here; an Error is a bug or a socket's, and its top frames name the place.
  '--stack-trace-limit=5',
];

/** What the process's environment has to hold besides the parent's own. */
export const workerEnvironment: Readonly<Record<string, string>> = {
  // One arena of glibc's allocator: bodies are freed by another thread than they were taken by, and arenas keep them.
  MALLOC_ARENA_MAX: '1',
  // From this size on memory is the system's again when it is freed. glibc would raise the bound to 32 MiB once such a body was
  // freed, and keep what later ones took.
  MALLOC_MMAP_THRESHOLD_: String(4 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024),
};
