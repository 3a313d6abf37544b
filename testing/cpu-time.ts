// How long something takes, for tests that bound it: the processor's time of this thread. Other processes and threads do not add to
// it, as they do to what a clock says.

/** Milliseconds. What other threads do for it, such as collecting garbage, is not counted. */
export function cpuMs(work: () => void): number {
  const before = threadMs();
  work();
  return threadMs() - before;
}

/** What this thread has used since it began, in milliseconds. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The longest turn of the event loop while something is under way, the turn that it ends in included, in milliseconds of this thread. */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let last = threadMs();
  let isOver = false;
  const watch = (): void => {
    longestMs = Math.max(longestMs, threadMs() - last);
    last = threadMs();
    if (!isOver) setImmediate(watch);
  };
  watch();
  await work();
  isOver = true;
  // What ended it may have run after the last look.
  await new Promise((resolve) => setImmediate(resolve));
  return longestMs;
}
