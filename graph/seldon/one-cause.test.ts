// One mistake is one finding: what only seems to follow from something that could not be read is not told beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDeployments } from './load-deployments.ts';

type Json = Readonly<Record<string, unknown>>;

const UNIT = { name: 'm', type: 'MODEL', endpoint: { service_host: 'h', httpPort: 9000 } };
const OTHER = { ...UNIT, name: 'n' };

function codes(spec: Json, metadata: unknown = { name: 'iris' }): string[] {
  const text = JSON.stringify({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata,
    spec,
  });
  const { findings } = loadDeployments(text, { source: 'test' });
  return findings.map(({ code, path }) => `${code} ${path.replace('spec.predictors[0].', '')}`);
}

const withPredictor = (fields: Json): Json => ({
  predictors: [{ name: 'main', graph: UNIT, ...fields }],
});
const withUnit = (fields: Json): Json => withPredictor({ graph: { ...UNIT, ...fields } });

const CASES: readonly (readonly [string, Json, readonly string[]])[] = [
  ['predictors', { predictors: 'one' }, ['FIELD_WRONG_TYPE spec.predictors']],
  ['a predictor', { predictors: ['one'] }, ['FIELD_WRONG_TYPE spec.predictors[0]']],
  ['a graph', withPredictor({ graph: 'm' }), ['FIELD_WRONG_TYPE graph']],
  ['a name', withUnit({ name: true }), ['FIELD_WRONG_TYPE graph.name']],
  [
    'a type',
    withUnit({ type: 5, children: [OTHER, { ...OTHER, name: 'o' }] }),
    ['FIELD_WRONG_TYPE graph.type'],
  ],
  [
    'a misspelt type',
    withUnit({ type: 'ROUTR', children: [OTHER, { ...OTHER, name: 'o' }] }),
    ['UNIT_TYPE_UNKNOWN graph.type'],
  ],
  [
    'methods',
    withUnit({ type: 'UNKNOWN_TYPE', methods: 'ROUTE' }),
    ['FIELD_WRONG_TYPE graph.methods'],
  ],
  [
    'a method',
    withUnit({ type: 'UNKNOWN_TYPE', methods: [1] }),
    ['FIELD_WRONG_TYPE graph.methods[0]'],
  ],
  [
    'an implementation',
    withPredictor({ graph: { name: 'm', implementation: 1 } }),
    ['FIELD_WRONG_TYPE graph.implementation'],
  ],
  ['an endpoint', withUnit({ endpoint: 'h:9000' }), ['FIELD_WRONG_TYPE graph.endpoint']],
  [
    'a host',
    withUnit({ endpoint: { service_host: 1, httpPort: 9000 } }),
    ['FIELD_WRONG_TYPE graph.endpoint.service_host'],
  ],
  [
    'a port',
    withUnit({ endpoint: { service_host: 'h', httpPort: '9000' } }),
    ['FIELD_WRONG_TYPE graph.endpoint.httpPort'],
  ],
  [
    'a port out of range',
    withUnit({ endpoint: { service_host: 'h', httpPort: 70_000 } }),
    ['NUMBER_RANGE graph.endpoint.httpPort'],
  ],
  [
    'children of a combiner',
    withUnit({ type: 'COMBINER', children: 'n' }),
    ['FIELD_WRONG_TYPE graph.children'],
  ],
  [
    'a child of a combiner',
    withUnit({ type: 'COMBINER', children: ['n'] }),
    ['FIELD_WRONG_TYPE graph.children[0]'],
  ],
  [
    'a child of an A/B test',
    withUnit({
      type: undefined,
      endpoint: undefined,
      implementation: 'RANDOM_ABTEST',
      parameters: [{ name: 'ratioA', type: 'FLOAT', value: '0.5' }],
      children: [OTHER, 'o'],
    }),
    ['FIELD_WRONG_TYPE graph.children[1]'],
  ],
  [
    'parameters of an A/B test',
    withUnit({
      type: undefined,
      endpoint: undefined,
      implementation: 'RANDOM_ABTEST',
      parameters: {},
      children: [OTHER, { ...OTHER, name: 'o' }],
    }),
    ['FIELD_WRONG_TYPE graph.parameters'],
  ],
  [
    'a ratio',
    withUnit({
      type: undefined,
      endpoint: undefined,
      implementation: 'RANDOM_ABTEST',
      parameters: [{ name: 'ratioA', type: 'FLOAT', value: 0.5 }],
      children: [OTHER, { ...OTHER, name: 'o' }],
    }),
    ['FIELD_WRONG_TYPE graph.parameters[0].value'],
  ],
  [
    'the name of a parameter',
    withUnit({ parameters: [{ name: false, type: 'INT', value: '1' }] }),
    ['FIELD_WRONG_TYPE graph.parameters[0].name'],
  ],
  [
    'the type of a parameter',
    withUnit({ parameters: [{ name: 'n', type: true, value: '1' }] }),
    ['FIELD_WRONG_TYPE graph.parameters[0].type'],
  ],
  [
    'the value of a parameter',
    withUnit({ parameters: [{ name: 'n', type: 'INT', value: 1 }] }),
    ['FIELD_WRONG_TYPE graph.parameters[0].value'],
  ],
  [
    'a value that is too long',
    withUnit({ parameters: [{ name: 'n', type: 'INT', value: '1'.repeat(100_000) }] }),
    ['VALUE_TOO_LONG graph.parameters[0].value'],
  ],
  [
    'the mode of a logger',
    withUnit({ logger: { mode: 1 } }),
    ['FIELD_WRONG_TYPE graph.logger.mode'],
  ],
  [
    'the address of a model',
    withPredictor({ graph: { name: 'm', implementation: 'SKLEARN_SERVER', modelUri: 1 } }),
    ['FIELD_WRONG_TYPE graph.modelUri'],
  ],
  [
    'the pods',
    withPredictor({ graph: { name: 'm' }, componentSpecs: {} }),
    ['FIELD_WRONG_TYPE componentSpecs'],
  ],
  [
    'the containers',
    withPredictor({ graph: { name: 'm' }, componentSpecs: [{ spec: { containers: {} } }] }),
    ['FIELD_WRONG_TYPE componentSpecs[0].spec.containers'],
  ],
  [
    'the name of a container',
    withPredictor({
      graph: { name: 'm' },
      componentSpecs: [{ spec: { containers: [{ name: 1, image: 'a' }] } }],
    }),
    ['FIELD_WRONG_TYPE componentSpecs[0].spec.containers[0].name'],
  ],
  [
    'the environment of a container',
    withPredictor({
      graph: { name: 'm' },
      componentSpecs: [{ spec: { containers: [{ name: 'x', image: 'a', env: [{ name: 1 }] }] } }],
    }),
    [
      'FIELD_WRONG_TYPE componentSpecs[0].spec.containers[0].env[0].name',
      'CONTAINER_MISSING graph',
    ],
  ],
  ['traffic', withPredictor({ traffic: '50' }), ['FIELD_WRONG_TYPE traffic']],
  [
    'the traffic of one of two',
    {
      predictors: [
        { name: 'a', graph: UNIT, traffic: '50' },
        { name: 'b', graph: UNIT, traffic: 50 },
      ],
    },
    ['FIELD_WRONG_TYPE traffic'],
  ],
  [
    'traffic out of range',
    {
      predictors: [
        { name: 'a', graph: UNIT, traffic: 150 },
        { name: 'b', graph: UNIT, traffic: 50 },
      ],
    },
    ['TRAFFIC_RANGE traffic'],
  ],
  [
    'a shadow',
    {
      predictors: [
        { name: 'a', graph: UNIT, traffic: 100 },
        { name: 'b', graph: UNIT, shadow: 'true' },
      ],
    },
    ['FIELD_WRONG_TYPE spec.predictors[1].shadow'],
  ],
];

for (const [what, spec, wanted] of CASES) {
  test(`one mistake in ${what} is one finding`, () => {
    assert.deepEqual(codes(spec), wanted);
  });
}

test('one mistake in the metadata is one finding', () => {
  assert.deepEqual(codes({ predictors: [{ name: 'a', graph: UNIT }] }, 'iris'), [
    'FIELD_WRONG_TYPE metadata',
  ]);
});

test('a parameter whose name cannot be read is named by its place', () => {
  const spec = withUnit({ parameters: [{ name: false, type: 'int', value: '1' }] });
  const text = JSON.stringify({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris' },
    spec,
  });
  const { findings } = loadDeployments(text, { source: 'test' });
  assert.equal(
    findings[1]?.message,
    'the type of the parameter spec.predictors[0].graph.parameters[0] is "int"',
  );
  assert.equal(findings[1]?.advice, 'did you mean INT?');
});
