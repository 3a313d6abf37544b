// Routes of other ingresses (Istio's here) through the life of a deployment: made when its pods serve, changed when new ones do, gone when
// it is exposed no more; and an explainer that the status counts in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsAt, textAt } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { DEFAULT_CONFIG } from '../config/workload-config.ts';
import { specOf, statusOf } from '../observe/fields.ts';
import { reconcile } from './reconcile.ts';
import { SmallCluster } from './testing/small-cluster.ts';

const ROUTE = 'VirtualService/iris';

test('a VirtualService leads to predictors that serve, and goes when it is not wanted', () => {
  const cluster = open(deployment('old'));
  turn(cluster);
  assert.equal(cluster.children.get(ROUTE), undefined, 'nothing serves yet');
  assert.equal(textAt(statusOf(cluster.object), 'state'), 'Creating');
  cluster.serve();
  turn(cluster);
  turn(cluster);
  assert.deepEqual(hostsOf(cluster), ['iris-old.demo.svc.cluster.local']);
  assert.equal(textAt(statusOf(cluster.object), 'state'), 'Available');

  cluster.edit(deployment('new'));
  turn(cluster);
  assert.deepEqual(hostsOf(cluster), ['iris-old.demo.svc.cluster.local'], 'the new pods start');
  assert.ok(cluster.children.has('Service/iris-old'));
  cluster.serve();
  for (let count = 0; count < 3; count += 1) turn(cluster);
  assert.deepEqual(hostsOf(cluster), ['iris-new.demo.svc.cluster.local']);
  assert.ok(!cluster.children.has('Service/iris-old'));
  assert.ok(!cluster.children.has('DestinationRule/iris-old'));

  cluster.edit(deployment('new', { 'sidegraph.io/expose': 'none' }));
  for (let count = 0; count < 2; count += 1) turn(cluster);
  assert.equal(cluster.children.get(ROUTE), undefined);
});

test('a deployment is available with its explainer, and its predictor serves without', () => {
  const cluster = open(deployment('main', {}, { type: 'AnchorTabular', modelUri: 'gs://a/b' }));
  turn(cluster);
  cluster.serve();
  const explainer = cluster.children.get('Deployment/iris-main-explainer');
  assert.ok(explainer);
  const { status: _, ...starting } = explainer;
  cluster.add({
    ...starting,
    status: { observedGeneration: 1, replicas: 1, availableReplicas: 0 },
  });
  turn(cluster);
  const status = statusOf(cluster.object);
  assert.equal(textAt(status, 'state'), 'Creating');
  const [predictor = {}] = objectsAt(status, 'predictors');
  assert.equal(predictor['ready'], true);
  assert.match(textAt(predictor, 'message'), /^explainer: /);
  cluster.serve();
  turn(cluster);
  turn(cluster);
  const served = statusOf(cluster.object);
  assert.equal(textAt(served, 'state'), 'Available');
  const entries = served['deploymentStatus'] as Record<string, { explainerFor?: string }>;
  assert.equal(entries['iris-main-explainer']?.explainerFor, 'main');
});

function open(object: KubeObject): SmallCluster {
  const cluster = new SmallCluster(object);
  cluster.namespace.annotations['sidegraph.io/injection'] = 'enabled';
  cluster.config = { ...DEFAULT_CONFIG, istio: { ...DEFAULT_CONFIG.istio, enabled: true } };
  return cluster;
}

function turn(cluster: SmallCluster): void {
  cluster.nowMs += 1000;
  const first = reconcile(cluster.input());
  cluster.perform(first);
  if (first.lookUp.length > 0) cluster.perform(reconcile(cluster.input()));
}

function hostsOf(cluster: SmallCluster): string[] {
  const route = cluster.children.get(ROUTE);
  assert.ok(route);
  const [rest = {}] = objectsAt(specOf(route), 'http');
  return objectsAt(rest, 'route').map(({ destination }) =>
    textAt(destination as Record<string, unknown>, 'host'),
  );
}

function deployment(
  predictor: string,
  annotations: Readonly<Record<string, string>> = {},
  explainer?: object,
): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: {
      name: 'iris',
      namespace: 'demo',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations,
    },
    spec: {
      predictors: [
        {
          name: predictor,
          graph: { name: 'classifier', type: 'MODEL' },
          ...(explainer === undefined ? {} : { explainer }),
          componentSpecs: [
            { spec: { containers: [{ name: 'classifier', image: 'example/iris:1' }] } },
          ],
        },
      ],
    },
  };
}
