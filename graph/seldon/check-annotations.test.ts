import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUR_ANNOTATIONS } from './annotations.ts';
import { loadDeployments } from './load-deployments.ts';

function told(annotations: Readonly<Record<string, string>>, place = 'spec'): string[] {
  const at = (where: string): object => (where === place ? { annotations } : {});
  const text = JSON.stringify({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', ...at('metadata') },
    spec: {
      ...at('spec'),
      predictors: [
        {
          name: 'main',
          ...at('predictor'),
          graph: { name: 'm', endpoint: { service_host: 'h', httpPort: 9000 } },
        },
      ],
    },
  });
  const { findings } = loadDeployments(text, { source: 'test' });
  return findings.map(({ code, path, advice }) => `${code} ${path}: ${advice}`);
}

test("Seldon's annotations that nothing reads are told, with what is in their place", () => {
  assert.deepEqual(told({ 'seldon.io/rest-read-timeout': '1000' }), [
    'ANNOTATION_NO_EFFECT spec.annotations["seldon.io/rest-read-timeout"]: write seldon.io/rest-timeout',
  ]);
  assert.deepEqual(told({ 'seldon.io/grpc-read-timeout': '1000' }, 'metadata'), [
    'ANNOTATION_NO_EFFECT metadata.annotations["seldon.io/grpc-read-timeout"]: write seldon.io/grpc-timeout',
  ]);
  assert.match(
    told({ 'seldon.io/rest-connection-timeout': '1' }, 'predictor')[0] ?? '',
    /^ANNOTATION_NO_EFFECT spec.predictors\[0\].annotations\["seldon.io\/rest-connection-timeout"\]: write seldon.io\/rest-timeout/,
  );
  assert.deepEqual(told({ 'seldon.io/rest-timeuot': '1' }), [
    'ANNOTATION_NO_EFFECT spec.annotations["seldon.io/rest-timeuot"]: did you mean seldon.io/rest-timeout?',
  ]);
  for (const name of ['engine-java-opts', 'executor-logger-queue-size'])
    assert.equal(told({ [`seldon.io/${name}`]: 'x' }).length, 1, name);
});

test('annotations that something reads, and those of others, are not told', () => {
  assert.deepEqual(
    told({
      'seldon.io/rest-timeout': '1000',
      'seldon.io/grpc-timeout': '1000',
      'seldon.io/grpc-max-message-size': '1000',
      'seldon.io/engine-cors-allowed-origins': '*',
      'seldon.io/engine-separate-pod': 'true',
      'seldon.io/svc-name': 'a',
      'seldon.io/headless-svc': 'true',
      'seldon.io/no-engine': 'true',
      'seldon.io/istio-host': 'a.example',
      'seldon.io/istio-gateway': 'mesh/own',
      'seldon.io/ambassador-config': 'x',
      'seldon.io/ambassador-service-name': 'b',
      'seldon.io/ambassador-circuit-breakers-max-requests': '5',
      'seldon.io/executor': 'true',
      'getambassador.io/config': 'x',
      'example.com/owner': 'me',
    }),
    [],
  );
});

test('each of our own annotations is known, on a deployment wherever it is', () => {
  for (const name of OUR_ANNOTATIONS)
    for (const place of ['metadata', 'spec'])
      assert.doesNotMatch(
        told({ [name]: 'x' }, place).join(),
        /ANNOTATION_(UNKNOWN|NO_EFFECT)/,
        name,
      );
  assert.deepEqual(told({ 'sidegraph.io/hots': 'a' }), [
    'ANNOTATION_UNKNOWN spec.annotations["sidegraph.io/hots"]: did you mean sidegraph.io/hosts?',
  ]);
});

test('what decides about a whole deployment is told where it is on a predictor', () => {
  const advice = 'write it on metadata.annotations or spec.annotations';
  for (const name of [
    'sidegraph.io/hosts',
    'sidegraph.io/expose',
    'sidegraph.io/sidecar-version',
    'seldon.io/istio-host',
    'seldon.io/ambassador-circuit-breakers-max-requests',
  ]) {
    assert.deepEqual(told({ [name]: 'a' }, 'predictor'), [
      `ANNOTATION_NO_EFFECT spec.predictors[0].annotations["${name}"]: ${advice}`,
    ]);
  }
  assert.deepEqual(told({ 'sidegraph.io/access-log': 'none' }, 'predictor'), []);
});
