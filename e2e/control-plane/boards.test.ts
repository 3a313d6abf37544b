// Every query of the boards, asked of a real Prometheus that scrapes real graphs under load, a gateway, the operator and the webhooks; the
// pages and rules judged by promtool. Skipped where Prometheus (Debian's package) or the API server is missing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BOARDS } from '../../dashboards/boards.ts';
import type { Source } from '../../dashboards/panel.ts';
import { readBoard } from '../../dashboards/pictures/board.ts';
import { lintMetrics, whyNoPrometheus } from '../harness/prometheus.ts';
import { whyNoKube } from '../kube/apiserver.ts';
import { type Observed, startObserved } from './observed.ts';

const RULES = fileURLToPath(
  new URL('../../charts/sidegraph/rules/sidegraph.yaml', import.meta.url),
);
const RULE_TESTS = fileURLToPath(
  new URL('../../dashboards/testdata/rules.test.yaml', import.meta.url),
);
const LOAD_MS = 20_000;
/** Who is not scraped here: models that count by themselves, and exporters that are none of ours. */
const NOT_SCRAPED: readonly Source[] = ['model', 'other'];
/** Every page that we serve. */
const PAGES = ['the pod of iris', 'the agent of iris', 'gateway', 'operator', 'webhooks'];
/** What promtool may say: docs/metrics.md names both. */
const OF_OTHERS: readonly RegExp[] = [
  /^seldon_api_executor_(server|client)_requests_seconds_summary metric name should not include type 'summary'$/,
  /^envoy_\w+ counter metrics should have "_total" suffix$/,
];

const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '10s');

/** Every panel, with the queries of the chart's JSON. */
const PANELS = BOARDS.flatMap((board) => {
  const drawn = readBoard(board).panels.filter(({ kind }) => kind !== 'row');
  return board.rows
    .flatMap(({ panels }) => panels)
    .map(({ title, source }, index) => ({
      name: `${board.title}: ${title}`,
      hasData: !NOT_SCRAPED.includes(source),
      queries: (drawn[index]?.queries ?? []).map(({ expr }) => filled(expr)),
    }));
});

describe('the boards', { skip: whyNoPrometheus() || whyNoKube() }, () => {
  let observed: Observed;

  before(async () => {
    observed = await startObserved({ scrapeEvery: '1s', rules: [RULES] });
    const withData = PANELS.filter(({ hasData }) => hasData);
    await observed.driveUntil(
      LOAD_MS,
      withData.flatMap(({ queries }) => queries),
    );
  });
  after(() => observed?.stop());

  for (const { name, hasData, queries } of PANELS)
    test(`${name} ${hasData ? 'has data' : 'can be asked'}`, async () => {
      assert.ok(queries.length > 0);
      for (const expr of queries) {
        const result = await observed.prometheus.query(expr);
        if (hasData) assert.ok(result.length > 0, `no data for ${expr}`);
      }
    });

  for (const who of PAGES)
    test(`promtool has nothing to say of the page of ${who} but of names that are others'`, async () => {
      const page = (await observed.readPages()).get(who);
      assert.ok(page !== undefined && page !== '', 'there is a page');
      const said = lintMetrics(page).filter((line) => !OF_OTHERS.some((rule) => rule.test(line)));
      assert.deepEqual(said, []);
    });

  test("the gateway's page counts the connections of its listeners", async () => {
    const series = await observed.prometheus.query('envoy_listener_downstream_cx_total');
    assert.ok(series.length > 0);
    for (const { labels } of series) assert.match(labels['envoy_listener_address'] ?? '', /_\d+$/);
  });

  test('the alert rules are valid, and fire when they should', () => {
    execFileSync('promtool', ['check', 'rules', RULES]);
    execFileSync('promtool', ['test', 'rules', RULE_TESTS], { cwd: join(RULES, '..') });
  });
});
