import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCpuQuota, usableCpus } from './cpus.ts';

function quotaIn(files: Readonly<Record<string, string>>): number | undefined {
  return readCpuQuota((path) => files[path]);
}

test("a container's quota is that of its cgroup or of one above, version 2", () => {
  const cgroup = '0::/pods/pod-1/box\n';
  const max = (path: string) => `/sys/fs/cgroup${path}/cpu.max`;
  assert.equal(quotaIn({ '/proc/self/cgroup': '0::/\n', [max('')]: '150000 100000\n' }), 1.5);
  assert.equal(
    quotaIn({
      '/proc/self/cgroup': cgroup,
      [max('/pods/pod-1/box')]: 'max 100000\n',
      [max('/pods/pod-1')]: '200000 100000\n',
      [max('/pods')]: '400000 100000\n',
    }),
    2,
  );
  assert.equal(
    quotaIn({ '/proc/self/cgroup': cgroup, [max('/pods/pod-1/box')]: 'max 100000\n' }),
    undefined,
  );
});

test('and version 1, whichever name its folder has', () => {
  const cgroup = '5:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/box\n';
  for (const folder of ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/cpu']) {
    const period = { [`${folder}/box/cpu.cfs_period_us`]: '100000\n' };
    assert.equal(
      quotaIn({
        '/proc/self/cgroup': cgroup,
        ...period,
        [`${folder}/box/cpu.cfs_quota_us`]: '50000\n',
      }),
      0.5,
    );
    assert.equal(
      quotaIn({
        '/proc/self/cgroup': cgroup,
        ...period,
        [`${folder}/box/cpu.cfs_quota_us`]: '-1\n',
      }),
      undefined,
    );
  }
});

test('where nothing is known the machine counts', () => {
  assert.equal(quotaIn({}), undefined);
  assert.equal(quotaIn({ '/proc/self/cgroup': 'nonsense' }), undefined);
  assert.ok(usableCpus() > 0);
});
