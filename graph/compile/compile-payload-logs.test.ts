import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDeployments } from '../seldon/load-deployments.ts';
import { compileDeployment } from './compile-deployment.ts';

function planOf(percent: string) {
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd', annotations: { 'sidegraph.io/payload-log-percent': percent } },
    spec: {
      predictors: [
        {
          name: 'p',
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
