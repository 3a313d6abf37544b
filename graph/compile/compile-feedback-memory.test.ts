import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../plan/limits.ts';
import type { Plan } from '../plan/plan.ts';
import { loadDeployments } from '../seldon/load-deployments.ts';
import { compileDeployment } from './compile-deployment.ts';

const endpoint = { service_host: '10.0.0.1', httpPort: 80, grpcPort: 81 };
const model = (name: string): object => ({ name, type: 'MODEL', endpoint });
const children = [model('a'), model('b')];
const ROUTER = { name: 'r', type: 'ROUTER', endpoint, children };
const DEFAULTS = {
  feedbackTtlMs: LIMITS.feedbackTtlMs.default,
  feedbackEntries: LIMITS.feedbackEntries.default,
  feedbackBytes: LIMITS.feedbackBytes.default,
};

interface Setting {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly protocol?: string;
  readonly shadow?: boolean;
}

function planOf(graph: object, { annotations = {}, protocol, shadow = false }: Setting = {}): Plan {
  const predictors = [{ name: 'p', graph, traffic: 100 }];
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd', annotations },
    spec: {
      ...(protocol === undefined ? {} : { protocol }),
      predictors: shadow
        ? [...predictors, { name: 's', graph, traffic: 100, shadow: true }]
        : predictors,
    },
  };
  const { deployments, findings } = loadDeployments(JSON.stringify(manifest), { source: 'f.json' });
  const plan = deployments[0] && compileDeployment(deployments[0]).predictors.at(-1)?.plan;
  assert.ok(plan, JSON.stringify(findings));
  return plan;
}

test('a graph whose router is asked by the filter remembers, within the limits of the table', () => {
  assert.deepEqual(planOf(ROUTER).feedbackMemory, DEFAULTS);
});

test('a built-in router is remembered where the filter walks, and not where Envoy draws', () => {
  const draw = { name: 'r', implementation: 'RANDOM_ABTEST', children };
  const parameters = [{ name: 'ratioA', type: 'FLOAT', value: '0.5' }];
  assert.equal(planOf({ ...draw, parameters }).feedbackMemory, undefined);
  const above = { name: 't', type: 'TRANSFORMER', endpoint, children: [{ ...draw, parameters }] };
  assert.deepEqual(planOf(above).feedbackMemory, DEFAULTS);
});

test('a chain, a combiner and one model remember nothing', () => {
  const chain = { name: 't', type: 'TRANSFORMER', endpoint, children: [model('a')] };
  const combiner = { name: 'c', type: 'COMBINER', endpoint, children };
  for (const graph of [chain, combiner, model('m')])
    assert.equal(planOf(graph).feedbackMemory, undefined);
});

test('a shadow and a protocol without feedback remember nothing', () => {
  assert.equal(planOf(ROUTER).isShadow, undefined);
  const shadow = planOf(ROUTER, { shadow: true });
  assert.equal(shadow.feedbackMemory, undefined);
  assert.equal(shadow.isShadow, true);
  assert.equal(planOf(ROUTER, { protocol: 'v2' }).feedbackMemory, undefined);
});

test('annotations set the bounds, and 0 requests switch it off', () => {
  const annotations = {
    'sidegraph.io/feedback-ttl-ms': '5000',
    'sidegraph.io/feedback-requests': '10',
    'sidegraph.io/feedback-bytes': '65536',
  };
  assert.deepEqual(planOf(ROUTER, { annotations }).feedbackMemory, {
    feedbackTtlMs: 5000,
    feedbackEntries: 10,
    feedbackBytes: 65_536,
  });
  const off = { 'sidegraph.io/feedback-requests': '0' };
  assert.equal(planOf(ROUTER, { annotations: off }).feedbackMemory, undefined);
});
