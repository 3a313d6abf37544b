import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChartConfig } from './chart-config.ts';
import { DEFAULT_CONFIG } from './workload-config.ts';

const SERVERS = '{"MY_SERVER":{"protocols":{"seldon":{"image":"mine","defaultImageVersion":"2"}}}}';

function parse(settings: object) {
  return parseChartConfig({ settings: JSON.stringify(settings), servers: SERVERS });
}

test('what is written wins over the defaults, at any depth, and the rest stays', () => {
  const read = parse({
    controllerId: 'blue',
    defaultUserId: null,
    sidecar: { images: { envoy: 'e:1' }, filter: { cpuLimit: '1' } },
    storageInitializerResources: { limits: { 'nvidia.com/gpu': 1 } },
  });
  assert.ok(read.kind === 'config');
  const { config } = read;
  assert.equal(config.controllerId, 'blue');
  assert.equal(config.defaultUserId, null);
  assert.equal(config.sidecar.images.envoy, 'e:1');
  assert.equal(config.sidecar.images.filter, DEFAULT_CONFIG.sidecar.images.filter);
  assert.deepEqual(config.sidecar.filter, { ...DEFAULT_CONFIG.sidecar.filter, cpuLimit: '1' });
  assert.deepEqual(config.storageInitializerResources, { limits: { 'nvidia.com/gpu': 1 } });
  assert.equal(config.predictorServers.get('MY_SERVER')?.get('seldon'), 'mine:2');
});

test('unknown fields and wrong types are refused, all at once and by their paths', () => {
  const read = parse({ sidecar: { concurency: 1, drainSeconds: '10' }, clusterDomain: null });
  assert.ok(read.kind === 'wrong');
  assert.match(read.reason, /sidecar\.concurency is unknown/);
  assert.match(read.reason, /sidecar\.drainSeconds is "10", not a number/);
  assert.match(read.reason, /clusterDomain is null, not a string/);
});
