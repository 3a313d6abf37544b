// What a person reads when pods do not come up. Golden pairs: testdata/<case>.in.yaml are pods as a kubelet or scheduler reports
// them, <case>.out.txt the words.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import type { KubeObject } from '../../lib/kube/object.ts';
import { testGoldens } from '../../testing/golden.ts';
import { describePods } from './describe-pods.ts';
import { renderScale, whyUnscalable } from './serving.ts';

testGoldens({
  dir: join(import.meta.dirname, 'testdata'),
  outputs: ['.out.txt'],
  title: (name) => `pods of ${name} are described as written down`,
  render: ({ text }) => ({
    '.out.txt': `${describePods(load(text) as readonly KubeObject[])}\n`,
  }),
});

test('the scale subresource gets a selector for one Deployment and none for two', () => {
  const deployment = (name: string): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: { b: '2', a: name } } },
    status: { replicas: 3 },
  });
  assert.deepEqual(renderScale([deployment('one')]), {
    replicas: 3,
    selector: 'a=one,b=2',
    isScalable: true,
  });
  assert.deepEqual(renderScale([deployment('one'), deployment('two')]), {
    replicas: 6,
    selector: '',
    isScalable: false,
  });
});

test('a deployment is scaled by one number where nothing nearer to its pods says another', () => {
  const reason = (predictor: object, isOne = true): string | undefined =>
    whyUnscalable(
      {
        apiVersion: 'machinelearning.seldon.io/v1',
        kind: 'SeldonDeployment',
        metadata: { name: 'a' },
        spec: { replicas: 2, predictors: [{ name: 'p', ...predictor }] },
      },
      isOne,
    )?.reason;
  assert.equal(reason({}), undefined);
  assert.equal(reason({ componentSpecs: [{ spec: {} }] }), undefined);
  assert.equal(reason({}, false), 'SeveralDeployments');
  assert.equal(reason({ replicas: 1 }), 'ReplicasWritten');
  assert.equal(reason({ componentSpecs: [{ replicas: 1 }] }), 'ReplicasWritten');
  assert.equal(reason({ componentSpecs: [{ hpaSpec: { maxReplicas: 3 } }] }), 'Autoscaled');
});
