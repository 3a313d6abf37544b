import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { KubeError, parseKubeError } from '../../lib/kube/error.ts';
import { explainRefusal } from '../observe/explain-refusal.ts';
import { withFailure } from './failure.ts';

const CALL = { method: 'PATCH', path: '/apis/apps/v1/namespaces/demo/deployments/iris-main-0' };

test('what the API server refuses is final but for rights, and told without our calls', () => {
  const cases = [
    {
      code: 422,
      message:
        'Deployment.apps "iris-main-0" is invalid: spec.template.spec.containers[0].volumeMounts[0].name: Not found: "nope"',
      remedy: 'edit',
      words:
        'Kubernetes refuses the Deployment iris-main-0: spec.template.spec.containers[0].volumeMounts[0].name: Not found: "nope"',
    },
    {
      code: 500,
      message:
        'failed to create typed patch object (demo/iris-main-0; apps/v1, Kind=Deployment): .spec.template.spec.volumes[name="v"].volumeSource: field not declared in schema',
      remedy: 'edit',
      words:
        'Kubernetes refuses the Deployment iris-main-0: spec.template.spec.volumes[name="v"].volumeSource: field not declared in schema',
    },
    {
      code: 403,
      message:
        'deployments.apps "iris-main-0" is forbidden: exceeded quota: small, requested: count/deployments.apps=1',
      remedy: 'elsewhere',
      words:
        'Kubernetes refuses the Deployment iris-main-0: exceeded quota: small, requested: count/deployments.apps=1',
    },
    {
      code: 400,
      message:
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error',
      remedy: 'edit',
      words:
        'Kubernetes refuses what is made of it: Deployment in version "v1" cannot be handled as a Deployment: strict decoding error',
    },
    {
      code: 500,
      message: 'no address is left',
      remedy: 'server',
      words: 'Kubernetes refuses what is made of it: no address is left',
    },
  ];
  for (const { code, message, ...expected } of cases) {
    const body = { kind: 'Status', code, reason: 'Some', message };
    const { short, ...told } = explainRefusal(parseKubeError(CALL, code, body)) ?? {};
    assert.deepEqual(told, expected);
    assert.ok(expected.words.endsWith(short?.slice('refused: '.length) ?? '?'), short);
  }
  for (const status of [0, 404, 409, 429, 503]) {
    const error = new KubeError({ status, reason: 'Some', message: 'some' });
    assert.equal(explainRefusal(error), undefined);
  }
});

test('the reason of a refusal is told without the policy that speaks', () => {
  for (const policy of [
    "ValidatingAdmissionPolicy 'images' with binding 'images' denied request",
    'admission webhook "policy.example.com" denied the request',
  ]) {
    const message = `deployments.apps "iris-main-0" is forbidden: ${policy}: images come from our registry`;
    const body = { kind: 'Status', code: 403, reason: 'Forbidden', message };
    const refusal = explainRefusal(parseKubeError(CALL, 403, body));
    assert.equal(refusal?.short, 'refused: images come from our registry');
  }
});

test('a refusal is in every place that people look at, and no pods are on their way', () => {
  const object: KubeObject = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo', generation: 3 },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'then' }] },
  };
  const making = 'main: new pods are being made';
  const condition = { status: 'False', lastTransitionTime: 'then', observedGeneration: 2 };
  const status = {
    state: 'Creating',
    description: making,
    predictors: [{ name: 'main', ready: true, message: 'new pods are being made' }],
    conditions: [
      { type: 'DeploymentsReady', reason: 'NotAvailable', message: making, ...condition },
      { type: 'GraphValid', ...condition, status: 'True' },
      { type: 'Ready', reason: 'NotAvailable', message: making, ...condition },
    ],
  };
  const failure = { reason: 'Refused', words: 'no such volume', needsPerson: true } as const;
  const failed = withFailure(status, failure, object, Date.parse('2026-01-01T00:00:00Z'));
  assert.ok(!JSON.stringify(failed).includes('being made'));
  assert.equal(failed['state'], 'Failed');
  assert.equal(failed['description'], 'no such volume');
  const told = { status: 'False', reason: 'Refused', message: 'no such volume' };
  const dated = { lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 3 };
  assert.deepEqual(failed['conditions'], [
    { type: 'Applied', ...told, ...dated },
    { type: 'DeploymentsReady', ...told, ...dated },
    { type: 'GraphValid', status: 'True', ...dated },
    { type: 'Ready', ...told, ...dated },
  ]);
});
