// How many worker threads an Envoy is given where nobody says: one up to two CPUs, then one for two of them. A second thread
// costs each request of a graph a third more CPU (smaller batches, colder caches) and brings requests only where the first is
// full, and the filter and the units want the other CPUs.

const MOST = 4;

/** @param cpus what the Envoy may use, as a number of CPUs; fractions count. */
export function envoyWorkers(cpus: number): number {
  return Math.min(MOST, Math.max(1, Math.ceil(cpus / 2)));
}
