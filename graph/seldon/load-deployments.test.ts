import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDeployment } from '../compile/compile-deployment.ts';
import { findContainer, listUnits } from '../plan/deployment.ts';
import { MAX_FINDINGS } from '../manifest/finding.ts';
import { LIMITS, MANIFEST_LIMITS } from '../plan/limits.ts';
import { loadDeployments, loadObject } from './load-deployments.ts';
import type { LoadOptions } from './load-deployments.ts';
import type { JsonObject } from '../plan/json-value.ts';

function manifest(graph: unknown, predictor: object = {}, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris' },
    spec: { predictors: [{ name: 'main', graph, ...predictor }], ...spec },
  });
}

const pods = (...names: string[]): object => ({
  componentSpecs: names.map((name) => ({ spec: { containers: [{ name, image: 'example/a:1' }] } })),
});

function codes(text: string, options: Partial<LoadOptions> = {}): string[] {
  const { findings } = loadDeployments(text, { source: 'test', ...options });
  return findings.map((finding) => `${finding.code} ${finding.path}`);
}

test('all findings of a file are told at once, in the order of the rules', () => {
  const graph = { name: 'a', type: 'MODLE', children: { name: 'a', methods: ['PREDICT'] } };
  assert.deepEqual(codes(manifest(graph, { traffic: 50 }, { protocol: 'v3' })), [
    'PROTOCOL_UNKNOWN spec.protocol',
    'TRAFFIC_SINGLE spec.predictors[0].traffic',
    'UNIT_TYPE_UNKNOWN spec.predictors[0].graph.type',
    'CONTAINER_MISSING spec.predictors[0].graph',
    'UNIT_DUPLICATE spec.predictors[0].graph.children.name',
    'METHOD_UNKNOWN spec.predictors[0].graph.children.methods[0]',
    'CONTAINER_MISSING spec.predictors[0].graph.children',
  ]);
});

test('names are known of a deployment with errors too', () => {
  const text = manifest({ name: 'scaler', children: [{ name: 'model' }] });
  const { deployments, names } = loadDeployments(text, { source: 'test' });
  assert.deepEqual(deployments, []);
  assert.deepEqual(names, [
    {
      deployment: 'iris',
      predictors: [{ name: 'main', units: ['scaler', 'model'], hasExplainer: false }],
    },
  ]);
});

test('a unit whose address is given from outside needs no container', () => {
  const address = { host: '10.0.0.1', httpPort: 80, grpcPort: 81 };
  const text = manifest({ name: 'a', children: [{ name: 'b' }] });
  const addresses = new Map([
    ['a', address],
    ['main/b', { ...address, host: '127.0.0.1' }],
  ]);
  const { deployments, findings } = loadDeployments(text, { source: 'test', addresses });
  assert.deepEqual(findings, []);
  const [deployment] = deployments;
  assert.ok(deployment !== undefined);
  const plan = compileDeployment(deployment, { addresses }).predictors[0]?.plan;
  assert.deepEqual(
    plan?.edges.map(({ host, port, via }) => `${host}:${port} ${via}`),
    ['10.0.0.1:80 egress', '10.0.0.1:81 egress', '127.0.0.1:80 direct', '127.0.0.1:81 direct'],
  );
});

test('a unit of no type is a model, whether or not it says that it has no implementation', () => {
  for (const implementation of [undefined, null, 'UNKNOWN_IMPLEMENTATION']) {
    const text = manifest({ name: 'a', implementation }, pods('a'));
    const { deployments, findings } = loadDeployments(text, { source: 'test' });
    assert.deepEqual(findings, []);
    assert.equal(deployments[0]?.predictors[0]?.graph.type, 'MODEL', String(implementation));
  }
});

test('a sink that nothing can be sent to is a warning: the graph is served, and its log is kept in the plan', () => {
  for (const url of ['kafka://sink/', 'mysink', 'ftp://sink/a']) {
    const graph = { name: 'a', type: 'MODEL', logger: { mode: 'all', url } };
    const text = manifest(graph, pods('a'));
    assert.deepEqual(codes(text), ['LOGGER_URL spec.predictors[0].graph.logger.url']);
    const { deployments } = loadDeployments(text, { source: 'test' });
    assert.ok(deployments[0] !== undefined);
    const { plan } = compileDeployment(deployments[0]).predictors[0] ?? {};
    assert.equal(plan?.units[0]?.logs?.url, url);
  }
});

test('a mean of what has no numbers is refused where it is written, and of others is not', () => {
  const average = {
    name: 'm',
    implementation: 'AVERAGE_COMBINER',
    children: [{ name: 'a' }, { name: 'b' }],
  };
  const found = (protocol: string) => codes(manifest(average, pods('a', 'b'), { protocol }));
  assert.deepEqual(found('openai'), ['BUILT_IN_PROTOCOL spec.predictors[0].graph.implementation']);
  for (const protocol of ['seldon', 'v2', 'kfserving', 'tensorflow']) {
    const errors = found(protocol).filter((code) => code.startsWith('BUILT_IN'));
    assert.deepEqual(errors, [], protocol);
  }
});

test('a null field counts as absent', () => {
  const graph = { name: 'a', type: null, children: null, endpoint: null, parameters: null };
  const predictor = { ...pods('a'), traffic: null, labels: null, svcOrchSpec: null };
  assert.deepEqual(codes(manifest(graph, predictor, { annotations: null })), []);
});

test('a unit without type, methods and implementation is a MODEL', () => {
  const { deployments } = loadDeployments(manifest({ name: 'a' }, pods('a')), { source: 'test' });
  assert.equal(deployments[0]?.predictors[0]?.graph.type, 'MODEL');
});

test('hosts are those of the cluster when asked for', () => {
  const text = manifest({ name: 'a', children: [{ name: 'b' }] }, pods('a', 'b'));
  const { deployments } = loadDeployments(text, { source: 'test', hosts: 'cluster' });
  const predictor = deployments[0]?.predictors[0];
  assert.ok(predictor !== undefined);
  assert.deepEqual(
    listUnits(predictor.graph).map((unit) => unit.endpoint?.host),
    ['localhost', 'iris-main-b.default.svc.cluster.local'],
  );
});

test('a cluster may have other first ports', () => {
  const firstPorts = { http: 7000, grpc: 9500, metrics: 6000 };
  const text = manifest({ name: 'a' }, pods('a'));
  const { deployments } = loadDeployments(text, { source: 'test', firstPorts });
  const predictor = deployments[0]?.predictors[0];
  assert.ok(predictor !== undefined);
  assert.deepEqual(findContainer(predictor, 'a')?.ports, firstPorts);
});

test('a prepackaged server gets a container and its image, and is a MODEL whatever its type', () => {
  const graph = {
    name: 'iris',
    type: 'TRANSFORMER',
    implementation: 'SKLEARN_SERVER',
    modelUri: 'gs://b/iris',
  };
  const { deployments, findings } = loadDeployments(manifest(graph), { source: 'test' });
  assert.deepEqual(
    findings.map((finding) => finding.code),
    ['SERVER_TYPE_FORCED'],
  );
  const predictor = deployments[0]?.predictors[0];
  assert.ok(predictor !== undefined);
  assert.equal(predictor.graph.type, 'MODEL');
  assert.equal(findContainer(predictor, 'iris')?.image, 'seldonio/sklearnserver:1.17.1');
});

test('every limit is refused below and above its bounds and taken inside', () => {
  for (const { annotation, min, max } of Object.values(LIMITS)) {
    for (const [value, right] of [
      [String(min), true],
      [String(max), true],
      [String(max + 1), false],
      ['-1', false],
      ['1e3', false],
      ['', false],
    ] as const) {
      const spec = { annotations: { [annotation]: value } };
      const found = codes(manifest({ name: 'a' }, pods('a'), spec));
      const wrong = [`ANNOTATION_VALUE spec.annotations["${annotation}"]`];
      assert.deepEqual(found, right ? [] : wrong, `${annotation} ${JSON.stringify(value)}`);
    }
  }
});

test('findings name the line of the field, or of what it is missing from', () => {
  const text = [
    'apiVersion: machinelearning.seldon.io/v1',
    'kind: SeldonDeployment',
    'metadata: {name: iris}',
    'spec:',
    '  predictors:',
    '  - name: main',
    '    graph:',
    '      type: MODLE',
  ].join('\n');
  const { findings } = loadDeployments(text, { source: 'test' });
  assert.deepEqual(
    findings.map(({ code, line }) => `${code} ${line}`),
    ['FIELD_MISSING 7', 'UNIT_TYPE_UNKNOWN 8'],
  );
});

test('a file that is too large, or has too many documents, is refused', () => {
  assert.deepEqual(codes(' '.repeat(MANIFEST_LIMITS.maxTextLength + 1)), ['MANIFEST_TOO_LARGE ']);
  const many = '---\nkind: ConfigMap\n'.repeat(MANIFEST_LIMITS.maxDocuments + 1);
  assert.ok(codes(many).includes('DOCUMENTS_TOO_MANY '));
});

test('the warnings of one document are bounded and hide no error', () => {
  const fields = Array.from({ length: 2000 }, (_, index) => [`strange${index}`, 1]);
  const found = codes(manifest({ name: 'a', ...Object.fromEntries(fields) }));
  assert.equal(found.length, MAX_FINDINGS + 1);
  assert.equal(found.at(-1), 'CONTAINER_MISSING spec.predictors[0].graph');
});

test('a graph of many aliases is refused, not walked', () => {
  const levels = Array.from({ length: 12 }, (_, level) =>
    level === 0
      ? 'x0: &x0 {name: leaf}'
      : `x${level}: &x${level} {name: n${level}, children: [*x${level - 1}, *x${level - 1}, *x${level - 1}]}`,
  );
  const text = `${levels.join('\n')}\napiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {name: a}\nspec: {predictors: [{name: p, graph: *x6}]}\n`;
  const found = codes(text);
  assert.ok(found.some((code) => /^(GRAPH_TOO_LARGE|DOCUMENT_TOO_LARGE)/.test(code)));
});

test('an object is read as its text is, but for the lines', () => {
  const graph = { name: 'a', type: 'MODLE', implementation: 'SIMPLE_MODEL' };
  for (const text of [manifest(graph), manifest({ name: 'b' }, pods('b'), { protocl: 'v3' })]) {
    const read = loadDeployments(text, { source: 'test' });
    const { deployments, findings } = loadObject(JSON.parse(text) as JsonObject, {
      source: 'test',
    });
    assert.deepEqual(deployments, read.deployments);
    assert.ok(findings.length > 0);
    assert.deepEqual(
      findings,
      read.findings.map(({ line: _line, ...finding }) => finding),
    );
  }
});

test('an object that holds more than a file may is not read', () => {
  const { maxTextLength, maxValues, maxDepth } = MANIFEST_LIMITS;
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  const hostile = [
    { a: 'x'.repeat(maxTextLength) },
    { a: Array.from({ length: maxValues }, () => 0) },
    { a: deep },
  ];
  const told = hostile.map((object) => loadObject(object, { source: 'test' }).findings[0]?.message);
  assert.deepEqual(told, [
    `over ${maxTextLength} characters, aliases expanded`,
    `over ${maxValues} values, aliases expanded`,
    `nested over ${maxDepth} levels`,
  ]);
});
