// When an object counts as applied.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { contains, isApplied, markIntent } from './intent.ts';

const WANTED: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', labels: { app: 'a' } },
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'one',
            resources: { requests: { cpu: '1000m' } },
            env: [{ name: 'E', value: '' }],
          },
          { name: 'two' },
        ],
      },
    },
  },
};

function liveOf(change: (containers: Record<string, unknown>[]) => void): KubeObject {
  const live = structuredClone(markIntent(WANTED)) as KubeObject & {
    spec: { template: { spec: { containers: Record<string, unknown>[] } } };
  };
  change(live.spec.template.spec.containers);
  return live;
}

test('defaults, quantities written another way and empty texts left out are no difference', () => {
  const live = liveOf((containers) => {
    containers[0] = {
      name: 'one',
      imagePullPolicy: 'Always',
      resources: { requests: { cpu: '1' } },
      env: [{ name: 'E' }],
    };
  });
  assert.ok(isApplied(markIntent(WANTED), live));
});

test("somebody else's container before ours is no difference, ours changed is one", () => {
  assert.ok(
    isApplied(
      markIntent(WANTED),
      liveOf((containers) => containers.unshift({ name: 'x' })),
    ),
  );
  assert.ok(
    !isApplied(
      markIntent(WANTED),
      liveOf((containers) => containers.pop()),
    ),
  );
});

test('another intent is a difference although the live object contains all of it', () => {
  const less: KubeObject = { ...WANTED, spec: {} };
  const live = liveOf(() => {});
  assert.ok(contains(live['spec'], less['spec']));
  assert.ok(!isApplied(markIntent(less), live));
});
