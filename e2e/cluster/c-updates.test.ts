// Changes under load: what rolls pods and what only the data plane sees. No request fails in either.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  answers,
  createNamespace,
  deleteNamespace,
  deploy,
  installChart,
  isAvailable,
  modelOf,
  predict,
  SYSTEM,
  underLoad,
} from './harness/cluster.ts';
import { abTest, iris, seldonDeployment } from './harness/graphs.ts';
import { apply, kubectl, until, whyNoCluster } from './harness/kubectl.ts';
import { podsOf, untilTwoReady } from './harness/pods.ts';

const NAMESPACE = 'updates';

function classifier(model: string, revision: string): object {
  return seldonDeployment('rolled', [
    { name: 'main', replicas: 2, minAvailable: 1, graph: iris(model), env: { REVISION: revision } },
  ]);
}

describe('updates under load', { skip: whyNoCluster() }, () => {
  before(async () => {
    await installChart();
    await createNamespace(NAMESPACE);
  });
  after(() => deleteNamespace(NAMESPACE));

  test('new containers roll the pods: the old graph serves until the new one is available', async () => {
    await deploy(NAMESPACE, classifier('logistic', '1'));
    await answers(NAMESPACE, 'rolled');
    const { load } = await underLoad(NAMESPACE, 'rolled', async () => {
      await apply(NAMESPACE, classifier('bayes', '2'));
      await until(
        'the new model answers',
        async () => modelOf((await predict(NAMESPACE, 'rolled')).text) === 'bayes',
        180_000,
      );
      await isAvailable(NAMESPACE, 'rolled');
      await settled('rolled');
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
    assert.deepEqual([...load.kinds.keys()].sort(), ['bayes', 'logistic']);
  });

  test('a change of the plan is live in a moment, in the same pods', async () => {
    await deploy(NAMESPACE, abTest('split', '1'));
    await answers(NAMESPACE, 'split');
    const pods = await podsOf(NAMESPACE, 'split');
    const { load, value } = await underLoad(NAMESPACE, 'split', async () => {
      const beganAt = performance.now();
      await apply(NAMESPACE, abTest('split', '0'));
      await until(
        'the other branch answers',
        async () => modelOf((await predict(NAMESPACE, 'split')).text) === 'bayes',
        30_000,
        10,
      );
      return performance.now() - beganAt;
    });
    process.stderr.write(`plan live after ${value.toFixed(0)} ms, kubectl included\n`);
    assert.deepEqual(load.failures.slice(0, 3), []);
    assert.deepEqual(await podsOf(NAMESPACE, 'split'), pods);
  });

  test('a rollout ends well while no operator runs', async () => {
    await deploy(NAMESPACE, classifier('logistic', '3'));
    await answers(NAMESPACE, 'rolled');
    const { load } = await underLoad(NAMESPACE, 'rolled', async () => {
      try {
        await apply(NAMESPACE, classifier('forest', '4'));
        await until('the rollout has begun', async () =>
          (
            await kubectl([
              'get',
              'deployment',
              '-n',
              NAMESPACE,
              '-l',
              'seldon-deployment-id=rolled',
              '-o',
              'json',
            ])
          ).includes('forest'),
        );
        await kubectl(['scale', 'deployment/sidegraph-operator', '-n', SYSTEM, '--replicas=0']);
        await settled('rolled');
        await until(
          'the new model answers',
          async () => modelOf((await predict(NAMESPACE, 'rolled')).text) === 'forest',
        );
        // A pod that starts now finds its plan mounted.
        const [pod] = await podsOf(NAMESPACE, 'rolled');
        assert.ok(pod);
        await kubectl(['delete', 'pod', pod.name, '-n', NAMESPACE, '--wait=false']);
        await settled('rolled');
      } finally {
        await kubectl(['scale', 'deployment/sidegraph-operator', '-n', SYSTEM, '--replicas=2']);
      }
    });
    assert.deepEqual(load.failures.slice(0, 3), []);
    await isAvailable(NAMESPACE, 'rolled');
  });
});

async function settled(name: string): Promise<void> {
  await untilTwoReady(name, () => podsOf(NAMESPACE, name));
}
