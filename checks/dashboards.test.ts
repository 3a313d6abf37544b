// The boards and alert rules in the chart are those of dashboards/, and name only metrics that somebody exports.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BOARDS, renderFiles } from '../dashboards/boards.ts';
import { ALERTS } from '../dashboards/rules.ts';

const CHART = new URL('../charts/sidegraph/', import.meta.url);
const METRICS_PAGE = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8');
const METRIC =
  /\b((?:seldon|sidegraph|controller_runtime|workqueue|leader_election|envoy)_[a-z_]+)\b/g;
/** Envoy's, which the gateway passes on. */
const OF_ENVOY = /^envoy_(http_downstream|server|http_conn_manager_prefix|response_code_class)/;

test('the chart holds the boards and rules as they are written', () => {
  for (const [path, text] of renderFiles()) {
    const file = new URL(path, CHART);
    assert.ok(existsSync(file), `${path} is missing: run node scripts/dashboards.ts`);
    assert.equal(
      readFileSync(file, 'utf8'),
      text,
      `${path} is stale: run node scripts/dashboards.ts`,
    );
  }
});

test('every panel and alert asks for metrics that are documented', () => {
  const exprs = [
    ...BOARDS.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
      .filter(({ source }) => source !== 'other')
      .flatMap(({ queries }) => queries.map(({ expr }) => expr)),
    ...ALERTS.map(({ expr }) => expr),
  ];
  const unknown = exprs
    .flatMap((expr) => [...expr.matchAll(METRIC)].map(([, name = '']) => name))
    .filter((name) => !OF_ENVOY.test(name))
    .filter((name) => !METRICS_PAGE.includes(`\`${name.replace(/_(bucket|count|sum)$/, '')}\``))
    .filter((name) => !METRICS_PAGE.includes(`\`${name}\``));
  assert.deepEqual(unknown, []);
});

test('titles are told apart, and every panel says its question', () => {
  for (const { title, rows } of BOARDS) {
    const titles = rows.flatMap(({ panels }) => panels.map((panel) => panel.title));
    assert.equal(new Set(titles).size, titles.length, title);
    for (const { panels } of rows)
      for (const panel of panels) assert.match(panel.description, /\.$|\?$/);
  }
});
