import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from './object.ts';
import { Store } from './store.ts';

function pod(
  name: string,
  version: string,
  more: { labels?: Record<string, string>; owner?: string } = {},
): KubeObject {
  const { labels, owner } = more;
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: owner }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'n',
      uid: `uid-${name}`,
      resourceVersion: version,
      labels: labels ?? {},
      ownerReferences,
    },
  };
}

const names = (objects: readonly KubeObject[]): string[] =>
  objects.map((object) => object.metadata.name).sort();

test('objects are found by owner, label and namespace, and by the newest of each only', () => {
  const store = new Store(['app']);
  store.put(pod('a', '1', { owner: 'x', labels: { app: 'one' } }));
  store.put(pod('b', '2', { owner: 'x', labels: { app: 'two' } }));
  assert.deepEqual(names(store.ownedBy('x')), ['a', 'b']);
  assert.deepEqual(names(store.labelled('app', 'one')), ['a']);
  store.put(pod('a', '3', { owner: 'y', labels: { app: 'two' } }));
  assert.deepEqual(names(store.ownedBy('x')), ['b']);
  assert.deepEqual(names(store.labelled('app', 'one')), []);
  assert.deepEqual(names(store.labelled('app', 'two')), ['a', 'b']);
  assert.deepEqual(names(store.inNamespace('n')), ['a', 'b']);
  store.remove('n/b');
  assert.deepEqual(names(store.ownedBy('x')), []);
});

test('asking for a label without an index is an error, not an empty response', () => {
  assert.throws(() => new Store().labelled('app', 'one'), /no index of the label app/);
});

test('a fresh list changes what differs and tells only that', () => {
  const store = new Store();
  for (const name of ['same', 'changed', 'gone']) store.put(pod(name, '1'));
  const changes = store.replaceAll([pod('same', '1'), pod('changed', '2'), pod('fresh', '3')]);
  assert.deepEqual(
    changes.map((change) => [change.type, change.key]),
    [
      ['deleted', 'n/gone'],
      ['modified', 'n/changed'],
      ['added', 'n/fresh'],
    ],
  );
  assert.equal(store.size, 3);
});
