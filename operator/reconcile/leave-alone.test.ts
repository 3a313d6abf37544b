// Whose an object is shows without its spec: one that nobody gave to us is not read at all, however it is written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { leaveAlone } from './leave-alone.ts';
import { SmallCluster } from './testing/small-cluster.ts';

const ANNOTATED = { 'sidegraph.io/injection': 'enabled' };
const OURS = { 'seldon.io/controller-id': 'sidegraph' };

test('an object without label, in a namespace without annotation, is left alone', () => {
  const cluster = new SmallCluster(unreadable({}));
  const left = leaveAlone(cluster.input());
  assert.deepEqual([left?.isOurs, left?.status, left?.apply], [false, undefined, []]);
});

test('so is one that names another operator, in whatever namespace', () => {
  const cluster = new SmallCluster(unreadable({ 'seldon.io/controller-id': 'blue' }));
  cluster.namespace = { annotations: ANNOTATED, labels: OURS };
  assert.deepEqual(leaveAlone(cluster.input())?.events, []);
});

test('the annotation of the namespace, or a label that names us, makes it ours to speak of', () => {
  const annotated = new SmallCluster(unreadable({}));
  annotated.namespace = { annotations: ANNOTATED, labels: {} };
  const labelled = new SmallCluster(unreadable(OURS));
  for (const cluster of [annotated, labelled]) assert.equal(leaveAlone(cluster.input()), undefined);
});

function unreadable(labels: Record<string, string>): KubeObject {
  return {
    apiVersion: 'machinelearning.seldon.io/v1',
    kind: 'SeldonDeployment',
    metadata: { name: 'iris', namespace: 'demo', labels },
    spec: { predictors: 'none' },
  };
}
