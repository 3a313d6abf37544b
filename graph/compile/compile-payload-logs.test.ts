import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REDACT_ANNOTATION } from '../seldon/payload-redaction.ts';
import { loadDeployments } from '../seldon/load-deployments.ts';
import { compileDeployment } from './compile-deployment.ts';

interface Places {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, string>>;
  readonly predictor?: Readonly<Record<string, string>>;
}

function planOf(percent: string, places: Places = {}) {
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: {
      name: 'd',
      annotations: { 'sidegraph.io/payload-log-percent': percent, ...places.metadata },
    },
    spec: {
      annotations: { ...places.spec },
      predictors: [
        {
          name: 'p',
          annotations: { ...places.predictor },
          graph: {
            name: 'm',
            type: 'MODEL',
            logger: { mode: 'all', url: 'http://sink/' },
            endpoint: { service_host: '10.0.0.1', httpPort: 80, grpcPort: 81 },
          },
        },
      ],
    },
  };
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'f.json' });
  const plan = deployments[0] && compileDeployment(deployments[0]).predictors[0]?.plan;
  assert.ok(plan, JSON.stringify(findings));
  return plan;
}

test('a unit that logs a part of its payloads is called by the filter, and its response comes back', () => {
  const { units, routes, walk } = planOf('50');
  assert.equal(units[0]?.logs?.share, 0.5);
  assert.equal(routes['predict-rest'].kind, 'graph');
  assert.equal(walk.mayTail, false);
});

test('a unit of which nothing is logged is as one without a logger', () => {
  const { units, routes, walk } = planOf('0');
  assert.equal(units[0]?.logs, undefined);
  assert.equal(routes['predict-rest'].kind, 'native');
  assert.equal(walk.mayTail, true);
});

test('what any of three places leaves out is left out, each path once', () => {
  const paths = (name: string): string[] => Array.from({ length: 64 }, (_, at) => `${name}${at}.x`);
  const written = (name: string): Record<string, string> => ({
    [REDACT_ANNOTATION]: paths(name).join(),
  });
  const places = { metadata: written('a'), spec: written('b'), predictor: written('c') };
  assert.deepEqual(planOf('100', places).units[0]?.logs?.redact, [
    ...paths('a'),
    ...paths('b'),
    ...paths('c'),
  ]);
  const twice = { metadata: { [REDACT_ANNOTATION]: 'a, m=b, a, m=a' } };
  assert.deepEqual(planOf('100', twice).units[0]?.logs?.redact, ['a', 'b']);
  assert.equal(planOf('100').units[0]?.logs?.redact, undefined);
});
