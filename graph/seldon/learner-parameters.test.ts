// The parameters of built-in routers that learn, as Seldon's images name them: every fault at once, each at its place.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileDeployment } from '../compile/compile-deployment.ts';
import { loadDeployments } from './load-deployments.ts';

type Written = readonly (readonly [name: string, type: string, value: string])[];

function load(implementation: string, parameters: Written, children = 2, protocol = 'seldon') {
  const addresses = new Map(
    Array.from({ length: children }, (_, at) => [
      `m${at}`,
      { host: '127.0.0.1', httpPort: 9000 + at, grpcPort: 9500 + at },
    ]),
  );
  const graph = {
    name: 'bandit',
    implementation,
    parameters: parameters.map(([name, type, value]) => ({ name, type, value })),
    children: Array.from({ length: children }, (_, at) => ({ name: `m${at}`, type: 'MODEL' })),
  };
  const manifest = {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'd' },
    spec: { protocol, predictors: [{ name: 'p', graph }] },
  };
  const loaded = loadDeployments(JSON.stringify(manifest), { source: 'test', addresses });
  const [deployment] = loaded.deployments;
  const plan =
    deployment === undefined
      ? undefined
      : compileDeployment(deployment, { addresses }).predictors[0]?.plan;
  return { findings: loaded.findings, choose: plan?.walk.choose };
}

test('all faults are found at once, each with what would be right', () => {
  const file = new URL('./testdata/broken/learner-parameters.yaml', import.meta.url);
  const { findings } = loadDeployments(readFileSync(file, 'utf8'), { source: 'test' });
  const at = (position: number, field: string): string =>
    `spec.predictors[0].graph.parameters[${position}]${field}`;
  assert.deepEqual(
    findings.map(({ code, path, message, advice }) => [code, path, message, advice]),
    [
      [
        'LEARNER_PARAMETER',
        at(0, '.value'),
        'n_branches of bandit is "3", not the number of its children, 2',
        'correct n_branches, or leave it out: the children are counted',
      ],
      [
        'LEARNER_PARAMETER',
        at(1, '.value'),
        'epsilon of bandit is "1.5", not a number from 0 to 1',
        'write the share of requests that try another branch, as in value: "0.1"',
      ],
      [
        'LEARNER_PARAMETER',
        at(2, '.value'),
        'best_branch of bandit is "2", not the position of a child, 0 to 1',
        'write the position of the child to begin with, or leave best_branch out',
      ],
      [
        'LEARNER_PARAMETER',
        at(3, '.value'),
        'seed of bandit is "-1", not a whole number from 0 to 4294967295',
        'write such a number, or leave seed out',
      ],
      [
        'PARAMETER_NO_EFFECT',
        at(4, ''),
        'EPSILON_GREEDY does not use the parameter "epsilom"',
        'did you mean epsilon?',
      ],
      [
        'PARAMETER_NO_EFFECT',
        at(5, ''),
        'EPSILON_GREEDY does not use the parameter "verbose"',
        'remove it; what such a router has learned is in the metrics',
      ],
    ],
  );
});

test("parameters that Seldon's images take are taken, whatever is written as their type", () => {
  const all: Written = [
    ['n_branches', 'INT', '2'],
    ['epsilon', 'STRING', ' 5e-2 '],
    ['best_branch', 'INT', '1'],
    ['seed', 'INT', '+7'],
  ];
  const { findings, choose } = load('EPSILON_GREEDY', all);
  assert.deepEqual(findings, []);
  assert.deepEqual(choose, {
    kind: 'policy',
    policy: 'EPSILON_GREEDY',
    parameters: { best_branch: 1, epsilon: 0.05, seed: 7 },
  });
  assert.deepEqual(load('EPSILON_GREEDY', []).choose, {
    kind: 'policy',
    policy: 'EPSILON_GREEDY',
    parameters: { epsilon: 0.1 },
  });
  assert.deepEqual(load('THOMPSON_SAMPLING', [['n_branches', 'INT', '2']]).choose, {
    kind: 'policy',
    policy: 'THOMPSON_SAMPLING',
    parameters: {},
  });
  for (const name of ['verbose', 'history', 'branch_names', 'epsilon', 'best_branch'])
    assert.deepEqual(
      load('THOMPSON_SAMPLING', [[name, 'STRING', '1']]).findings.map(({ code }) => code),
      ['PARAMETER_NO_EFFECT'],
      name,
    );
});

test('a value that is not of its type has one finding, and so has what is too many children', () => {
  const codes = (written: Written, children?: number): string[] =>
    load('EPSILON_GREEDY', written, children).findings.map(({ code }) => code);
  assert.deepEqual(codes([['epsilon', 'FLOAT', 'much']]), ['PARAMETER_VALUE']);
  assert.deepEqual(codes([['epsilon', 'FLOAT', 'nan']]), ['LEARNER_PARAMETER']);
  assert.deepEqual(codes([['n_branches', 'INT', '2']], 0), ['CHILDREN_MISSING']);
  assert.deepEqual(codes([], 65), ['CHILDREN_COUNT']);
  assert.deepEqual(codes([], 64), []);
});

test('a protocol without feedback has nothing to learn from', () => {
  for (const protocol of ['v2', 'tensorflow', 'openai']) {
    const { findings } = load('THOMPSON_SAMPLING', [], 2, protocol);
    assert.deepEqual(
      findings.map(({ code, message }) => [code, message]),
      [
        [
          'BUILT_IN_PROTOCOL',
          `protocol ${protocol} has no feedback from which the THOMPSON_SAMPLING bandit could learn`,
        ],
      ],
    );
  }
});
