// How much CPU this process may use: what the scheduler lets it run on, and what its cgroup and those above it are given,
// which in a container is less than the machine.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

const CGROUPS = '/sys/fs/cgroup';

/** As a number of CPUs; fractions count. */
export function usableCpus(): number {
  return Math.min(availableParallelism(), readCpuQuota(readText) ?? Number.POSITIVE_INFINITY);
}

/**
 * The smallest quota on the way from the process's cgroup to the root, version 2 (`cpu.max`) or 1 (`cpu.cfs_quota_us`); undefined
 * where there is none. `read` gives the text of a file, undefined when there is no such file.
 */
export function readCpuQuota(read: (path: string) => string | undefined): number | undefined {
  const quotas: number[] = [];
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [id, controllers = '', path = ''] = line.split(':');
    if (id === '0') quotas.push(...walk(CGROUPS, path, (folder) => quotaOfV2(read, folder)));
    if (controllers.split(',').includes('cpu'))
      for (const root of [join(CGROUPS, controllers), join(CGROUPS, 'cpu')])
        quotas.push(...walk(root, path, (folder) => quotaOfV1(read, folder)));
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** A container sees its own cgroup as the root, whatever path it has outside. */
function walk(
  root: string,
  path: string,
  quotaOf: (folder: string) => number | undefined,
): number[] {
  const quotas: number[] = [];
  for (let at = join('/', path); ; at = dirname(at)) {
    const quota = quotaOf(join(root, at));
    if (quota !== undefined) quotas.push(quota);
    if (at === '/') return quotas;
  }
}

function quotaOfV2(read: (path: string) => string | undefined, folder: string): number | undefined {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return ratio(quota, period);
}

function quotaOfV1(read: (path: string) => string | undefined, folder: string): number | undefined {
  return ratio(
    Number(read(join(folder, 'cpu.cfs_quota_us')) ?? Number.NaN),
    Number(read(join(folder, 'cpu.cfs_period_us')) ?? Number.NaN),
  );
}

/** `max` and −1 stand for no quota. */
function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
