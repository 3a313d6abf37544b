// What goes wrong while requests run: pods deleted and evicted, the gateway replaced, the filter killed, webhooks away. Two
// replicas and a budget lose nothing; what may be lost is bounded and said.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  installChart,
  pause,
  SYSTEM,
  underLoad,
} from './harness/cluster.ts';
import { iris, seldonDeployment, type Unit } from './harness/graphs.ts';
import { apply, kubectl, until, whyNoCluster } from './harness/kubectl.ts';
import {
  evict,
  killFilter,
  type PodFacts,
  podsBy,
  podsOf,
  untilTwoReady,
  wakeFilter,
} from './harness/pods.ts';

const NAMESPACE = 'disruption';
/** How long the filter's own pod may answer 503 after its process was killed, ms. */
const FILTER_BACK_MS = 5_000;

describe('disruption under load', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
    await deploy(NAMESPACE, pair('pair', iris('logistic')));
    await answers(NAMESPACE, 'pair');
  });
  after(() => deleteNamespace(NAMESPACE));

  test('a deleted pod loses no request', async () => {
    const { load } = await underLoad(NAMESPACE, 'pair', async () => {
      const [pod] = await podsOf(NAMESPACE, 'pair');
      assert.ok(pod);
      await kubectl(['delete', 'pod', pod.name, '-n', NAMESPACE, '--wait=false']);
      await settled(`seldon-deployment-id=pair`, NAMESPACE, [pod]);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
  });

  test('evictions go one by one under the budget and lose no request', async () => {
    const { load } = await underLoad(NAMESPACE, 'pair', async () => {
      const pods = await podsOf(NAMESPACE, 'pair');
      const [first, second] = pods;
      assert.ok(first && second);
      assert.equal(await evict(NAMESPACE, first.name), true);
      assert.equal(await evict(NAMESPACE, second.name), false, 'the budget holds the last one');
      await settled(`seldon-deployment-id=pair`, NAMESPACE, [first]);
      await until('the budget lets the second go', () => evict(NAMESPACE, second.name));
      await settled(`seldon-deployment-id=pair`, NAMESPACE, pods);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
  });

  test('a new gateway takes over from the old one without a failed request', async () => {
    const selector = 'app.kubernetes.io/component=gateway';
    const { load } = await underLoad(NAMESPACE, 'pair', async () => {
      const old = await podsBy(SYSTEM, selector);
      await kubectl(['rollout', 'restart', 'deployment/sidegraph-gateway', '-n', SYSTEM]);
      await settled(selector, SYSTEM, old);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
  });

  test('a graph of one unit does not notice that its filter was killed', async () => {
    const [pod] = await podsOf(NAMESPACE, 'pair');
    assert.ok(pod);
    const { load } = await underLoad(NAMESPACE, 'pair', async () => {
      await wakeFilter(NAMESPACE, pod.name);
      await killFilter(NAMESPACE, pod.name);
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
  });

  test('a graph that needs its killed filter says so, and is back within seconds', async () => {
    const graph: Unit = {
      name: 'mixer',
      model: 'Mixer',
      type: 'COMBINER',
      children: [iris('logistic', 'one'), iris('bayes', 'two')],
    };
    await deploy(NAMESPACE, seldonDeployment('mixed', [{ name: 'main', graph }]));
    await answers(NAMESPACE, 'mixed');
    const { load } = await underLoad(NAMESPACE, 'mixed', async () => {
      const [pod] = await podsOf(NAMESPACE, 'mixed');
      assert.ok(pod);
      await killFilter(NAMESPACE, pod.name);
    });
    for (const failure of load.failures) {
      assert.equal(failure.status, 503);
      assert.match(failure.text, /"status":"FAILURE"/);
    }
    const times = load.failures.map(({ atMs }) => atMs);
    assert.ok(Math.max(...times, 0) - Math.min(...times, Infinity) < FILTER_BACK_MS, String(times));
  });

  test('while no webhook runs, what serves goes on serving and edits are still taken', async () => {
    const scale = (replicas: number) =>
      kubectl(['scale', 'deployment/sidegraph-admission', '-n', SYSTEM, `--replicas=${replicas}`]);
    try {
      const { load } = await underLoad(NAMESPACE, 'pair', async () => {
        await scale(0);
        await until(
          'the webhooks are gone',
          async () => (await podsBy(SYSTEM, 'app.kubernetes.io/component=admission')).length === 0,
        );
        await deploy(
          NAMESPACE,
          seldonDeployment('meanwhile', [{ name: 'main', graph: iris('bayes') }]),
        );
        // What the webhook would have refused, the operator says in the status.
        const broken = seldonDeployment('broken', [
          { name: 'main', traffic: 50, graph: iris('bayes') },
          { name: 'other', traffic: 20, graph: iris('forest') },
        ]);
        await apply(NAMESPACE, broken);
        await until('the status says what is wrong', async () => {
          const text = await kubectl(['get', 'sdep', 'broken', '-n', NAMESPACE, '-o', 'json']);
          const { status = {} } = JSON.parse(text) as {
            status?: { state?: string; description?: string };
          };
          return status.state === 'Failed' && /traffic/.test(status.description ?? '');
        });
      });
      assert.deepEqual(load.failures.slice(0, 3), []);
    } finally {
      await scale(2);
    }
  });
});

function pair(name: string, graph: Unit): object {
  return seldonDeployment(name, [{ name: 'main', replicas: 2, minAvailable: 1, graph }]);
}

/** Two ready pods, none of which is one of `gone`, and no others. */
async function settled(
  selector: string,
  namespace: string,
  gone: readonly PodFacts[],
): Promise<void> {
  const left = new Set(gone.map(({ uid }) => uid));
  await untilTwoReady(
    selector,
    () => podsBy(namespace, selector),
    ({ uid }) => !left.has(uid),
  );
  await pause(500);
}
