import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { isPlainObject } from '../graph/plan/json-value.ts';
import { featuresOf } from './manifest-features.ts';
import { pickSample, uncovered } from './manifest-sample.ts';

const one = (name: string, ...features: readonly string[]) => ({ name, features });

test('each of a sample adds most that was not covered, the first by name among equals', () => {
  const all = [one('d', 'x'), one('c', 'x', 'y'), one('b', 'z'), one('a', 'x', 'y')];
  assert.deepEqual(
    pickSample(all, 2).map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(uncovered(all, pickSample(all, 1)), ['z']);
});

test('when all is covered once, the rest covers it twice', () => {
  const all = [one('a', 'x', 'y'), one('b', 'x'), one('c', 'y'), one('d')];
  const names = pickSample(all, 4).map(({ name }) => name);
  assert.deepEqual(names.slice(0, 3), ['a', 'b', 'c']);
});

test('a sample of more than there are is all of them, those without a feature too', () => {
  assert.equal(pickSample([one('a', 'x'), one('b')], 9).length, 2);
});

test('a deployment has the features of its graph, its pods and its settings', () => {
  const deployment = load(`
    apiVersion: machinelearning.seldon.io/v1
    kind: SeldonDeployment
    metadata: {name: a}
    spec:
      protocol: kfserving
      annotations: {seldon.io/engine-separate-pod: 'true', seldon.io/engine-java-opts: x}
      predictors:
      - name: p
        traffic: 50
        ssl: {certSecretName: c}
        explainer: {type: AnchorText}
        componentSpecs:
        - hpaSpec: {maxReplicas: 2}
          spec: {containers: [{name: b, image: x, resources: {limits: {nvidia.com/gpu: 1}}}]}
        graph: {name: r_1, type: ROUTER, children: [{name: a, implementation: SKLEARN_SERVER, modelUri: 'gs://x'}, {name: b}]}
      - {name: q, shadow: true, graph: {name: a}}
  `);
  assert.ok(isPlainObject(deployment));
  const wanted = [
    '2 children in v2',
    '2 predictors',
    'GPU',
    'ROUTER in v2',
    'SKLEARN_SERVER in v2',
    'a name that Kubernetes refuses',
    'annotation seldon.io/engine-separate-pod',
    'api v1',
    'container resources',
    'depth 1 in v2',
    'depth 2 in v2',
    'explainer AnchorText',
    'explainer in v2',
    'hpaSpec of a component',
    'model in gs',
    'protocol v2',
    'shadow',
    'ssl',
    'svcOrchSpec',
    'traffic',
  ];
  assert.deepEqual(featuresOf(deployment), wanted);
});
