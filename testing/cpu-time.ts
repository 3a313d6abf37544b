// How long something takes, for tests that bound it: the processor's time of this thread. Other processes and threads do not add to
// it, as they do to what a clock says.

/** Milliseconds. What other threads do for it, such as collecting garbage, is not counted. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
