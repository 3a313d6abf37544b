// Where the gateway sends requests: weights between predictors, shadows, and what is not exposed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  GATEWAY,
  installChart,
  modelOf,
  predict,
  underLoad,
} from './harness/cluster.ts';
import { iris, seldonDeployment } from './harness/graphs.ts';
import { kubectl, until, whyNoCluster } from './harness/kubectl.ts';
import { podsOf } from './harness/pods.ts';

const NAMESPACE = 'traffic';

/** logistic is the main model, bayes the canary. */
function canary(main: number, other: number): object {
  return seldonDeployment('canary', [
    { name: 'main', traffic: main, graph: iris('logistic') },
    { name: 'other', traffic: other, graph: iris('bayes') },
  ]);
}

describe('traffic', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
  });
  after(() => deleteNamespace(NAMESPACE));

  test('weights of 90 and 10 hold, and a shift to 10 and 90 is live without a failed request', async () => {
    await deploy(NAMESPACE, canary(90, 10));
    await answers(NAMESPACE, 'canary');
    const before = await underLoad(NAMESPACE, 'canary', async () => {});
    assertClean(before.load.failures);
    assertShare(before.load.kinds, 'bayes', 0.1);

    const shift = await underLoad(NAMESPACE, 'canary', async () => {
      await kubectl(['apply', '-n', NAMESPACE, '-f', '-'], JSON.stringify(canary(10, 90)));
      const beganAt = performance.now();
      // Five of the canary in a row come once in 100,000 times at a tenth.
      await until('the shift is live', async () => isCanary(5), 20_000, 20);
      return performance.now() - beganAt;
    });
    assertClean(shift.load.failures);
    process.stderr.write(`weights live after ${shift.value.toFixed(0)} ms\n`);
    const after = await underLoad(NAMESPACE, 'canary', async () => {});
    assertShare(after.load.kinds, 'bayes', 0.9);
  });

  test('a shadow gets a copy, and no client sees its responses', async () => {
    const shadowed = seldonDeployment('shadowed', [
      { name: 'main', traffic: 100, graph: iris('logistic') },
      { name: 'shadow', shadow: true, traffic: 100, graph: iris('bayes') },
    ]);
    await deploy(NAMESPACE, shadowed);
    await answers(NAMESPACE, 'shadowed');
    const { load } = await underLoad(NAMESPACE, 'shadowed', async () => {});
    assertClean(load.failures);
    assert.deepEqual([...load.kinds.keys()], ['logistic']);
    const [pod] = await podsOf(NAMESPACE, 'shadowed', ',seldon.io/shadow=true');
    assert.ok(pod, 'the shadow has a pod with its label');
    await until('the shadow counted its copies', async () => {
      const text = await (await fetch(`http://${pod.ip}:8000/prometheus`)).text();
      const counts = [
        ...text.matchAll(/^seldon_api_executor_server_requests_seconds_count\{[^}]*\} (\d+)/gm),
      ];
      return counts.reduce((sum, match) => sum + Number(match[1]), 0) >= load.requests * 0.95;
    });
  });

  test('a deployment that is exposed to none answers in the cluster alone', async () => {
    const hidden = seldonDeployment('hidden', [{ name: 'main', graph: iris('logistic') }]) as {
      metadata: object;
    };
    const annotations = { 'sidegraph.io/expose': 'none' };
    await deploy(NAMESPACE, { ...hidden, metadata: { ...hidden.metadata, annotations } });
    assert.equal((await predict(NAMESPACE, 'hidden')).status, 404);
    const response = await fetch(`http://${GATEWAY.host}:${GATEWAY.port}/`);
    assert.equal(response.status, 404);
  });
});

async function isCanary(times: number): Promise<boolean> {
  for (let i = 0; i < times; i += 1) {
    const response = await predict(NAMESPACE, 'canary');
    if (response.status !== 200 || modelOf(response.text) !== 'bayes') return false;
  }
  return true;
}

function assertClean(failures: readonly object[]): void {
  assert.deepEqual(failures.slice(0, 3), []);
}

/** Within four standard deviations. */
function assertShare(kinds: ReadonlyMap<string, number>, kind: string, share: number): void {
  const all = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  const seen = (kinds.get(kind) ?? 0) / all;
  const margin = 4 * Math.sqrt((share * (1 - share)) / all);
  assert.ok(
    Math.abs(seen - share) < margin,
    `${kind} got ${seen.toFixed(3)} of ${all}, not ${share}`,
  );
}
