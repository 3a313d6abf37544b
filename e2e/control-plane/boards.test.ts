// Every query of the boards, asked of a real Prometheus that scrapes a real graph under load, a gateway and an operator; the pages
// and rules judged by promtool. Skipped where Prometheus (Debian's package) or the API server is missing.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BOARDS } from '../../dashboards/boards.ts';
import type { Source } from '../../dashboards/panel.ts';
import { startTestGateway, type TestGateway, until } from '../../gateway/testing/gateway.ts';
import { ask } from '../harness/client.ts';
import { startLoad } from '../harness/load.ts';
import { deployment, model } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { JSON_TYPE, type RestUnit, startRestUnit } from '../harness/unit.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { type ApiServer, startApiServer, whyNoKube } from '../kube/apiserver.ts';
import { applyCrd } from './apply-crd.ts';
import { createNamespace, type RunningOperator, SDEP, startOperator } from './operator-harness.ts';

const RULES = fileURLToPath(
  new URL('../../charts/sidegraph/rules/sidegraph.yaml', import.meta.url),
);
const RULE_TESTS = fileURLToPath(
  new URL('../../dashboards/testdata/rules.test.yaml', import.meta.url),
);
const BODY = '{"data":{"ndarray":[[1]]}}';
const LOAD_MS = 15_000;
/** Who is scraped here; the sidecar's agent and the webhooks only response in a pod and to an API server. */
const SCRAPED: readonly Source[] = ['graph', 'gateway', 'operator'];

const noPrometheus = ['prometheus', 'promtool'].some(
  (program) => spawnSync(program, ['--version']).status !== 0,
);
const skip = noPrometheus ? 'Prometheus is not installed' : whyNoKube();

describe('the boards', { skip }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'sidegraph-boards-'));
  const units: RestUnit[] = [];
  let api: ApiServer;
  let client: KubeClient;
  let running: Running;
  let gateway: TestGateway;
  let operator: RunningOperator;
  let prometheus: ReturnType<typeof spawn>;
  let port = 0;

  before(async () => {
    let turn = 0;
    const router = await startRestUnit(() => ({
      headers: JSON_TYPE,
      body: `{"data":{"ndarray":[${turn++ % 2}]}}`,
    }));
    let calls = 0;
    const good = await startRestUnit(() => ({ headers: JSON_TYPE, body: BODY }));
    const shaky = await startRestUnit(() => ({
      status: calls++ % 10 === 0 ? 500 : 200,
      headers: JSON_TYPE,
      body: BODY,
    }));
    units.push(router, good, shaky);
    running = await runGraph(
      deployment({
        name: 'router',
        type: 'ROUTER',
        port: router.port,
        children: [model('good', good.port), model('shaky', shaky.port)],
      }),
    );
    gateway = await startTestGateway({
      model: (request, response) => {
        request.resume();
        request.on('end', () => response.end('{}'));
      },
    });
    gateway.deploy({ namespace: 'one', name: 'm', predictors: [{ name: 'p' }] });
    await until(async () => (await gateway.predict('one', 'm')).status === 200, 'one/m is served');
    api = await startApiServer();
    client = new KubeClient(api.config());
    await applyCrd(client);
    await createNamespace(client, 'boards');
    operator = await startOperator({ after: () => {} }, api, 'boards');
    await client.apply(
      {
        ...SDEP,
        metadata: { name: 'iris', namespace: 'boards' },
        spec: {
          predictors: [
            {
              name: 'p',
              graph: { name: 'm', type: 'MODEL' },
              componentSpecs: [{ spec: { containers: [{ name: 'm', image: 'example/m:1' }] } }],
            },
          ],
        },
      },
      { manager: 'test', force: true },
    );
    port = await freePort();
    const targets = [running.port, gateway.options.statusPort, operator.healthPort];
    writeFileSync(
      join(dir, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s' },
        rule_files: [RULES],
        scrape_configs: [
          {
            job_name: 'sidegraph',
            static_configs: targets.map((target) => ({
              targets: [`127.0.0.1:${target}`],
              labels: { pod: `pod-${target}` },
            })),
          },
        ],
      }),
    );
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const load = startLoad(running.port, 2, BODY);
    const end = performance.now() + LOAD_MS;
    for (let count = 0; performance.now() < end; count++) {
      const { headers } = await ask(running.port, { body: BODY });
      const reward = count % 3 === 0 ? -0.5 : 1;
      const body = JSON.stringify({ puid: headers['seldon-puid'], reward });
      await ask(running.port, { path: '/api/v1.0/feedback', body });
      await gateway.predict('one', 'm');
      await sleep(100);
    }
    await load.stop();
  });

  after(async () => {
    prometheus?.kill();
    await operator?.stop();
    await client?.config.close();
    await api?.stop();
    await gateway?.close();
    await running?.stop();
    await Promise.all(units.map((unit) => unit.close()));
    rmSync(dir, { recursive: true, force: true });
  });

  async function query(expr: string): Promise<readonly unknown[]> {
    const asked = expr
      .replaceAll('$__rate_interval', '10s')
      .replaceAll(/\$(deployment|predictor|pod|router)/g, '.*');
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(asked)}`;
    const response = (await (await fetch(url)).json()) as {
      status: string;
      error?: string;
      data: { result: unknown[] };
    };
    assert.equal(response.status, 'success', `${expr}: ${response.error}`);
    return response.data.result;
  }

  for (const { title, rows } of BOARDS) {
    for (const panel of rows.flatMap(({ panels }) => panels)) {
      const hasData = SCRAPED.includes(panel.source);
      test(`${title}: ${panel.title} ${hasData ? 'has data' : 'can be asked'}`, async () => {
        for (const { expr } of panel.queries) {
          const result = await query(expr);
          if (hasData) assert.ok(result.length > 0, `no data for ${expr}`);
        }
      });
    }
  }

  test('promtool finds nothing to say of the pages', async () => {
    for (const [target, path] of [
      [running.port, '/prometheus'],
      [operator.healthPort, '/metrics'],
    ] as const) {
      const { text } = await ask(target, { method: 'GET', path });
      const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
      });
      // Seldon's own name of a family.
      const said = `${stdout}${stderr}`
        .split('\n')
        .filter((line) => line !== '' && !/_requests_seconds_summary metric name/.test(line));
      assert.deepEqual(said, [], path);
    }
  });

  test('the alert rules are valid, and fire when they should', () => {
    execFileSync('promtool', ['check', 'rules', RULES]);
    execFileSync('promtool', ['test', 'rules', RULE_TESTS], { cwd: join(RULES, '..') });
  });
});
