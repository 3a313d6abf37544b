// What kubectl and the API server take or refuse, and `check` with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDeployments } from './load-deployments.ts';

const document = (metadata: string): string => `---
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {${metadata}}
spec:
  predictors:
  - name: main
    componentSpecs: [{spec: {containers: [{name: m, image: a}]}}]
    graph: {name: m, type: MODEL}
`;

test('the API server makes the end of a name, so two may have one beginning', () => {
  const text = document('generateName: iris-').repeat(2);
  const { deployments, findings } = loadDeployments(text, { source: 'test' });
  assert.deepEqual(findings, []);
  assert.deepEqual(
    deployments.map(({ name }) => name),
    ['iris-xxxxx', 'iris-xxxxx'],
  );
  const long = loadDeployments(document(`generateName: ${'a'.repeat(200)}`), { source: 'test' });
  assert.equal(long.deployments[0]?.name.length, 63);
});

test('a beginning that no name can have is told, and a name goes before it', () => {
  for (const [metadata, codes] of [
    ['generateName: Iris-', ['NAME_INVALID']],
    ['name: iris, generateName: Iris-', []],
    ["generateName: ''", ['FIELD_MISSING']],
    ['generateName: 5', ['FIELD_WRONG_TYPE']],
  ] as const) {
    const { findings } = loadDeployments(document(metadata), { source: 'test' });
    assert.deepEqual(
      findings.map(({ code }) => code),
      codes,
      metadata,
    );
  }
});

test('a key that is written twice is a warning, and its last value counts', () => {
  const text = document('name: iris, name: rose');
  const { deployments, findings } = loadDeployments(text, { source: 'test' });
  assert.deepEqual(
    findings.map(({ code, severity, path, line }) => `${severity} ${code} ${path} ${line}`),
    ['warning KEY_DUPLICATE metadata.name 4'],
  );
  assert.equal(deployments[0]?.name, 'rose');
});

test('labels and annotations that Kubernetes does not take are told, wherever they are', () => {
  const text = `---
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: iris, labels: {a: y, b: 'no good', c: '', d.e/f: G_h.1}, annotations: {'a b': any thing}}
spec:
  annotations: {Example.com/a: 'any thing', '/a': b}
  predictors:
  - name: main
    labels: {'a/b/c': d, -a: b, '.a/b': c}
    annotations: {a..b/c: d}
    componentSpecs:
    - metadata: {labels: {a: on, b: '${'x'.repeat(64)}'}, annotations: {c: 5, d: '5'}}
      spec: {nodeSelector: {gpu: 'a b', zone: a}, containers: [{name: m, image: a}]}
    graph: {name: m, type: MODEL}
`;
  const { findings } = loadDeployments(text, { source: 'test' });
  const component = 'spec.predictors[0].componentSpecs[0]';
  assert.deepEqual(
    findings.map(({ code, path }) => `${code} ${path}`).sort(),
    [
      'FIELD_WRONG_TYPE metadata.labels.a',
      'LABEL_INVALID metadata.labels.b',
      'LABEL_INVALID metadata.annotations["a b"]',
      'LABEL_INVALID spec.annotations["/a"]',
      'LABEL_INVALID spec.predictors[0].labels["a/b/c"]',
      'LABEL_INVALID spec.predictors[0].labels["-a"]',
      'LABEL_INVALID spec.predictors[0].labels[".a/b"]',
      'LABEL_INVALID spec.predictors[0].annotations["a..b/c"]',
      `FIELD_WRONG_TYPE ${component}.metadata.labels.a`,
      `LABEL_INVALID ${component}.metadata.labels.b`,
      `FIELD_WRONG_TYPE ${component}.metadata.annotations.c`,
      `LABEL_INVALID ${component}.spec.nodeSelector.gpu`,
    ].sort(),
  );
});
