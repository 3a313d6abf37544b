// A pod whose graph Envoy serves alone, beside a real Envoy: no worker of the filter runs until something needs one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { compileDeployment } from '../../graph/compile/compile-deployment.ts';
import { loadDeployments } from '../../graph/seldon/load-deployments.ts';
import { renderPlanFile } from '../../cluster/plan-file.ts';
import { ask } from '../../e2e/harness/client.ts';
import { startLoad } from '../../e2e/harness/load.ts';
import { deployment, model, type Node } from '../../e2e/harness/manifest.ts';
import { type RestUnit, startRestUnit } from '../../e2e/harness/unit.ts';
import { openPod, type TestPod } from './testing/pod.ts';

const ENV = { SIDEGRAPH_DEPLOYMENT: 'test', SIDEGRAPH_PREDICTOR: 'p', POD_NAMESPACE: 'ns' };
const BODY = '{"data":{"ndarray":[[1]]}}';
const STATUS = { method: 'GET', path: '/api/v1.0/status' };

let unit: RestUnit;
before(async () => {
  unit = await startRestUnit(() => ({ body: BODY }));
});
after(() => unit?.close());

function planOf(graph: Node): { text: string; hash: string } {
  const manifest = deployment(graph, { 'sidegraph.io/deadline-ms': '1000' });
  const { deployments } = loadDeployments(JSON.stringify(manifest), { source: 'test' });
  const [loaded] = deployments;
  assert.ok(loaded !== undefined);
  const compiled = compileDeployment(loaded, {});
  const hash = compiled.predictors[0]?.plan.hash ?? '';
  return { text: renderPlanFile(compiled, 'test-p-plan-r1'), hash };
}

const oneModel = () => planOf(model('m', unit.port));
const chain = () =>
  planOf({
    name: 't',
    type: 'TRANSFORMER',
    port: unit.port,
    children: [model('m', unit.port)],
  });

async function withPod(use: (pod: TestPod) => Promise<void>): Promise<void> {
  const pod = await openPod(ENV);
  try {
    pod.mount(oneModel().text);
    pod.startAgent();
    await pod.until('the agent is live', async () => (await pod.probe('/live')) === 200);
    await pod.startEnvoy();
    await pod.until('all is ready', async () => (await pod.probe('/ready')) === 200);
    await use(pod);
  } finally {
    await pod.close();
  }
}

async function workerOf(pod: TestPod): Promise<number | undefined> {
  return (await pod.status()).pids.filters[0] ?? undefined;
}

test('predictions, readiness and metrics need no worker; what is asked seldom starts one', () =>
  withPod(async (pod) => {
    assert.equal((await ask(pod.port, { body: BODY })).status, 200);
    for (const path of ['/ready', '/live', '/metrics', '/prometheus'])
      assert.equal((await ask(pod.port, { method: 'GET', path })).status, 200, path);
    const { text } = await ask(pod.port, { method: 'GET', path: '/metrics' });
    assert.match(text, /client_requests_seconds_count\{.*model_name="m".*\} 1$/m);
    assert.match(text, /^sidegraph_filter_workers 0$/m);
    assert.equal(await workerOf(pod), undefined);

    // Several at once, while nothing runs yet: all of them are answered.
    const responses = await Promise.all(Array.from({ length: 8 }, () => ask(pod.port, STATUS)));
    assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
    const worker = await workerOf(pod);
    assert.notEqual(worker, undefined);
    process.kill(worker ?? 0, 'SIGKILL');
    await pod.until('it is back', async () => {
      const again = await workerOf(pod);
      return again !== undefined && again !== worker;
    });
    assert.equal((await ask(pod.port, STATUS)).status, 200);
  }));

test('a plan that needs the filter has it before it is live, and it ends when none does', () =>
  withPod(async (pod) => {
    const load = startLoad(pod.port, 4, BODY);
    const next = chain();
    pod.mount(next.text);
    await pod.until('the chain is live', async () => (await pod.status()).hash === next.hash);
    assert.notEqual(await workerOf(pod), undefined);
    assert.equal((await ask(pod.port, { method: 'GET', path: '/ready' })).status, 200);
    assert.equal((await ask(pod.port, { body: BODY })).status, 200);
    const last = oneModel();
    pod.mount(last.text);
    await pod.until('one model again', async () => (await pod.status()).hash === last.hash);
    await pod.until('the worker has ended', async () => (await workerOf(pod)) === undefined);
    const tally = await load.stop();
    assert.deepEqual([...tally.statuses.keys()], [200], JSON.stringify(tally.failures[0]));
    assert.equal((await pod.status()).filterRestarts, 0);
    assert.equal((await ask(pod.port, STATUS)).status, 200);
  }));
