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
