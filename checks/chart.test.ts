// The chart as helm renders it, against files: charts/sidegraph/testdata/<case>.in.yaml (values) and <case>.out.yaml. Skipped
// where helm is not built (make cluster builds it).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { isPlainObject, type JsonObject } from '../graph/plan/json-value.ts';
import { parseChartConfig } from '../operator/config/chart-config.ts';
import { operatorExecArgv } from '../operator/config/exec-argv.ts';
import { DEFAULT_CONFIG } from '../operator/config/workload-config.ts';
import { readCases, testGoldens } from '../testing/golden.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHART = join(ROOT, 'charts/sidegraph');
const CASES = join(CHART, 'testdata');
const HELM = join(ROOT, '.cache/kube/bin/helm');
const KUBERNETES = '1.34.4';
const skip = existsSync(HELM) ? false : 'helm is not built';

describe('the chart', { skip }, () => {
  testGoldens({
    dir: CASES,
    outputs: ['.out.yaml'],
    title: (name) => `renders ${name} as the file beside it`,
    render: ({ file }) => ({ '.out.yaml': withoutDefinition(template(file)) }),
  });

  for (const { name, file } of readCases(CASES)) {
    test(`writes settings of ${name} that the operator reads`, () => {
      const data = findObject(template(file), 'ConfigMap', 'seldon-config')['data'];
      assert.ok(isPlainObject(data));
      const settings = String(data['sidegraph.json']);
      const read = parseChartConfig({ settings, servers: String(data['predictor_servers']) });
      assert.ok(read.kind === 'config', read.kind === 'config' ? '' : read.reason);
    });
  }

  test('has the defaults that the operator has without a chart', () => {
    const data = findObject(template(join(CASES, 'default.in.yaml')), 'ConfigMap', 'seldon-config')[
      'data'
    ];
    assert.ok(isPlainObject(data));
    const settings = String(data['sidegraph.json']);
    const read = parseChartConfig({ settings, servers: String(data['predictor_servers']) });
    assert.ok(read.kind === 'config');
    assert.deepEqual(read.config, { ...DEFAULT_CONFIG, controllerId: '' });
  });

  test('starts Node as the compile cache of the image was made', () => {
    const text = readFileSync(join(CASES, 'default.out.yaml'), 'utf8');
    const commands = [...text.matchAll(/command: \[(node, .*)\]/g)].map(([, list = '']) => list);
    const cached = '--import=/app/lib/runtime/compile-cache.mjs';
    const plain = ['node', '--disable-warning=ExperimentalWarning', cached].join(', ');
    const operator = ['node', ...operatorExecArgv, cached].join(', ');
    const drain = `${operator}, gateway/process/main.ts, --drain, --run-dir=/run/sidegraph`;
    // The operator, the gateway's agent, what writes its Envoy's bootstrap, and its hook.
    const started = [plain, plain, operator, operator, operator, drain];
    assert.deepEqual(commands.toSorted(), started.toSorted());
  });

  test('passes helm lint', () => {
    execFileSync(HELM, ['lint', CHART, '--strict', '--quiet'], { encoding: 'utf8' });
  });

  test('refuses a value that it does not know', () => {
    assert.throws(
      () => template(join(CASES, 'default.in.yaml'), '--set', 'operatr.replicas=1'),
      /additional properties 'operatr' not allowed/,
    );
  });

  test('holds the definition that the operator was built with', () => {
    const rendered = template(join(CASES, 'default.in.yaml'));
    const data = findObject(rendered, 'ConfigMap', 'sidegraph-crd')['data'];
    assert.ok(isPlainObject(data));
    const committed = readFileSync(join(CHART, 'files/crd.yaml'), 'utf8');
    assert.equal(String(data['crd.yaml']).trim(), committed.trim());
  });
});

function template(values: string, ...more: readonly string[]): string {
  const place = ['--namespace', 'sidegraph-system', '--kube-version', KUBERNETES];
  return execFileSync(HELM, ['template', 'sidegraph', CHART, ...place, '-f', values, ...more], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 16 * 1024 * 1024,
  });
}

/** 3,000 lines that a test of their own compares. */
function withoutDefinition(rendered: string): string {
  return rendered
    .replace(
      /^( {2}crd\.yaml: \|-\n)(?: {4}.*\n|\n)+/m,
      '$1    # charts/sidegraph/files/crd.yaml\n',
    )
    .replace(
      /^( {2}(sidegraph-[\w-]+\.json): \|\n)(?: {4}.*\n|\n)+/gm,
      '$1    # charts/sidegraph/dashboards/$2\n',
    );
}

function findObject(rendered: string, kind: string, name: string): JsonObject {
  const found = loadAll(rendered).find(
    (object): object is JsonObject =>
      isPlainObject(object) &&
      object['kind'] === kind &&
      isPlainObject(object['metadata']) &&
      object['metadata']['name'] === name,
  );
  assert.ok(found, `${kind} ${name} is not rendered`);
  return found;
}
