import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import type { Reconciled } from '../observe/contract.ts';
import { kindAndName } from '../observe/contract.ts';
import { reconcile } from './reconcile.ts';
import { SmallCluster } from './testing/small-cluster.ts';

test('a gateway that follows every version ends the wait in a bounded number of statuses', () => {
  for (const behind of [0, 1, 2]) {
    const cluster = new SmallCluster(deployment('old'));
    cluster.namespace.annotations['sidegraph.io/injection'] = 'enabled';
    settle(cluster);
    cluster.edit(deployment('new'));
    const edited = cluster.statusWrites;
    // Two gateways that have read the object a few of our own writes ago, and need their time to let go of the old Service.
    const seen: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      seen.push(cluster.object.metadata.resourceVersion ?? '');
      const acknowledged = seen.at(-1 - behind) ?? '0';
      const inUse = turn < 20 ? ['demo/iris-old'] : [];
      cluster.gateways = ['gateway-b', 'gateway-a'].map((name, index) => ({
        name,
        acknowledged: index === 0 ? acknowledged : (seen.at(-2 - behind) ?? '0'),
        inUse,
      }));
      // Their order means nothing.
      if (turn % 2 === 1) cluster.gateways = cluster.gateways.toReversed();
      if (turn === 3) settle(cluster);
      else turnOnce(cluster);
      if (turn === 19) assert.ok(cluster.children.has('Service/iris-old'), 'it is in use');
    }
    assert.ok(!cluster.children.has('Service/iris-old'), 'it has gone');
    const writes = cluster.statusWrites - edited;
    assert.ok(writes <= 8, `${writes} statuses with gateways ${behind} writes behind`);
  }
});

/** Runs until nothing is written, and lets what was made serve in between. */
function settle(cluster: SmallCluster): void {
  turnOnce(cluster);
  cluster.serve();
  for (let turn = 0; turn < 3; turn += 1) turnOnce(cluster);
}

function turnOnce(cluster: SmallCluster): Reconciled {
  cluster.nowMs += 1000;
  let result = reconcile(cluster.input());
  if (result.lookUp.length > 0) {
    cluster.perform(result);
    result = reconcile(cluster.input());
  }
  cluster.perform(result);
  for (const { object } of result.apply) assert.ok(cluster.children.has(kindAndName(object)));
  return result;
}

function deployment(predictor: string): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      predictors: [
        {
          name: predictor,
          graph: { name: 'classifier', type: 'MODEL' },
          componentSpecs: [
            { spec: { containers: [{ name: 'classifier', image: 'example/iris:1' }] } },
          ],
        },
      ],
    },
  };
}
