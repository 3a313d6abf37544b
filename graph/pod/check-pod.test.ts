import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDeployments } from '../seldon/load-deployments.ts';
import type { Finding } from '../manifest/finding.ts';
import { podOf, PODS } from './testing/pods.ts';
import { fieldsOf } from './schema.ts';

for (const each of PODS) {
  const { name, finding } = each;
  test(`${name} is ${finding === undefined ? 'taken' : 'refused, once, with its place'}`, () => {
    const findings = check(podOf(each));
    if (finding === undefined) {
      assert.deepEqual(findings, []);
      return;
    }
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['error'],
      JSON.stringify(findings),
    );
    assert.match(findings[0]?.message ?? '', finding);
    assert.match(findings[0]?.path ?? '', /^spec\.predictors\[0\]\.componentSpecs\[0\]\.spec\./);
  });
}

test('a field that only a newer Kubernetes has is told, and taken', () => {
  const findings = check(podOf({ name: '', pod: { hostnameOverride: 'a' } }));
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['POD_FIELD_NEW', 'warning']],
  );
});

test('what the orchestrator is given is judged as a container', () => {
  const findings = check(podOf({ name: '' }), {
    resources: { requests: { cpu: 2 }, limits: { cpu: 1 } },
    env: [{ name: 'A', valu: 'b' }],
  });
  assert.deepEqual(
    findings.map(({ code, path }) => [code, path]),
    [
      ['POD_FIELD_UNKNOWN', 'spec.predictors[0].svcOrchSpec.env[0].valu'],
      ['POD_INVALID', 'spec.predictors[0].svcOrchSpec.resources.requests.cpu'],
    ],
  );
});

test('every type of the schema can be read', () => {
  const seen = new Set<string>();
  const left = ['PodSpec', 'ObjectMeta'];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { type } of fieldsOf(name).values()) {
      const inner = type.kind === 'list' || type.kind === 'map' ? type.item : type;
      if (inner.kind === 'object') left.push(inner.name);
    }
  }
  assert.ok(seen.size > 90, `${seen.size} types`);
});

function check(pod: object, orchestrator?: object): readonly Finding[] {
  const object = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo' },
    spec: {
      predictors: [
        {
          name: 'main',
          graph: { name: 'model', type: 'MODEL' },
          componentSpecs: [{ spec: pod }],
          ...(orchestrator === undefined ? {} : { svcOrchSpec: orchestrator }),
        },
      ],
    },
  };
  return loadDeployments(JSON.stringify(object), { source: 'a.json', hosts: 'cluster' }).findings;
}
