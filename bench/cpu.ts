// CPU time and memory of processes, from /proc: nanoseconds on a CPU summed over all threads (schedstat), so that a
// run of a second is measured finely.
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds that the process has been on a CPU, all its threads together. */
export function cpuNanos(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread ended between the listing and the reading.
    }
  }
  return total;
}

/** The process's share of memory: what it has alone, and of what it shares its part. Bytes; 0 when it is gone. */
export function proportionalBytes(pid: number): number {
  return readRollup(pid, 'Pss');
}

/** The part of it that is no file's. */
export function anonymousBytes(pid: number): number {
  return readRollup(pid, 'Pss_Anon');
}

function readRollup(pid: number, field: string): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
