import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHostFault } from './check-hosts.ts';
import { loadDeployments } from './load-deployments.ts';

const HOSTS = [
  '127.0.0.1',
  '0.0.0.0',
  '::1',
  'fd00::1:2',
  '::ffff:10.0.0.1',
  'localhost',
  'LOCALHOST',
  'model',
  'model_a',
  'iris-main-model.default.svc.cluster.local',
  'iris-main-model.default.svc.cluster.local.',
  '3scale.example.com',
  'xn--bcher-kva.example',
  `${'a'.repeat(63)}.b`,
];

const NO_HOSTS: Readonly<Record<string, RegExp>> = {
  'http://127.0.0.1': /scheme/,
  'grpc://model:9000': /scheme/,
  '127.0.0.1:9000': /port/,
  'model:9000': /port/,
  'a b': /part of a name/,
  'a\tb': /part of a name/,
  '[::1]': /brackets/,
  '[::1]:9000': /IPv6/,
  '127.0.0.1/': /path/,
  'model/predict': /path/,
  'model?x': /path/,
  '127.0.0.1 ': /white space/,
  '\tmodel': /white space/,
  'model\n': /white space/,
  'user@model': /user/,
  '-x': /part of a name/,
  'x-': /part of a name/,
  'a.-b.c': /part of a name/,
  '*': /part of a name/,
  '*.example.com': /part of a name/,
  'a..b': /empty/,
  '.a': /empty/,
  '.': /empty/,
  'a,b': /part of a name/,
  '1.2.3.999': /IPv4/,
  '1.2.3': /IPv4/,
  '127.1': /IPv4/,
  '2130706433': /IPv4/,
  '0x7f.1': /IPv4/,
  '0x7f000001': /IPv4/,
  '010.0.0.1': /IPv4/,
  '1.2.3.4.5': /IPv4/,
  'fe80::1%eth0': /zone/,
  '1:2:3': /IPv6/,
  '::g': /IPv6/,
  'bücher.example': /ASCII/,
  'моя-модель': /ASCII/,
  [`${'a'.repeat(64)}.b`]: /64 characters/,
  [Array.from({ length: 70 }, () => 'abc').join('.')]: /279 characters/,
  ['a'.repeat(600)]: /too long/,
  '{{ .Values.host }}': /Helm/,
  '${HOST}': /envsubst/,
  '$(HOST)': /kustomize/,
};

test('addresses and names are hosts', () => {
  for (const host of HOSTS) assert.equal(findHostFault(host), undefined, host);
});

test('what neither Envoy nor a resolver could take is told with its reason', () => {
  for (const [host, why] of Object.entries(NO_HOSTS)) {
    const fault = findHostFault(host);
    assert.ok(fault !== undefined && fault.advice !== '', host);
    assert.match(fault.why, why, host);
  }
});

test('the finding names the place of the host', () => {
  for (const host of ['http://127.0.0.1', '*']) {
    const text = JSON.stringify({
      apiVersion: 'machinelearning.seldon.io/v1',
      kind: 'SeldonDeployment',
      metadata: { name: 'iris' },
      spec: {
        predictors: [
          { name: 'main', graph: { name: 'm', endpoint: { service_host: host, httpPort: 9000 } } },
        ],
      },
    });
    const { findings, deployments } = loadDeployments(text, { source: 'test' });
    assert.deepEqual(
      findings.map(({ code, path }) => `${code} ${path}`),
      ['HOST_INVALID spec.predictors[0].graph.endpoint.service_host'],
    );
    assert.deepEqual(deployments, []);
  }
});
