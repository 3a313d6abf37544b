// What a person reads when pods do not come up. Golden pairs: testdata/<case>.in.yaml are pods as a kubelet or scheduler reports
// them, <case>.out.txt the words. SIDEGRAPH_UPDATE_GOLDENS=1 writes them anew.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import type { KubeObject } from '../../lib/kube/object.ts';
import { describePods } from './describe-pods.ts';
import { renderScale, whyUnscalable } from './serving.ts';

const DIR = new URL('./testdata/', import.meta.url);
const INPUT = '.in.yaml';
const CASES = readdirSync(DIR)
  .filter((file) => file.endsWith(INPUT))
  .map((file) => file.slice(0, -INPUT.length));

for (const name of CASES) {
  test(`pods of ${name} are described as written down`, () => {
    const pods = load(readFileSync(new URL(name + INPUT, DIR), 'utf8')) as readonly KubeObject[];
    const golden = new URL(`${name}.out.txt`, DIR);
    const words = `${describePods(pods)}\n`;
    if (process.env['SIDEGRAPH_UPDATE_GOLDENS'] === '1') writeFileSync(golden, words);
    assert.equal(words, readFileSync(golden, 'utf8'));
  });
}

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
