import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { MAX_REPEATS, WriteGuard } from './write-guard.ts';

const HOUR_MS = 60 * 60_000;

function object(intent: string): KubeObject {
  const annotations = { 'sidegraph.io/intent': intent };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'iris', annotations } };
}

test('the same content may be written a few times within an hour', () => {
  const guard = new WriteGuard();
  for (let turn = 0; turn < MAX_REPEATS; turn += 1) {
    assert.deepEqual(guard.undone('demo/iris', '1', turn), []);
    guard.note('demo/iris', '1', object('a'), turn);
  }
  assert.deepEqual(guard.undone('demo/iris', '1', MAX_REPEATS), ['Service/iris']);
  assert.deepEqual(guard.undone('demo/rose', '1', MAX_REPEATS), []);
  assert.deepEqual(guard.undone('demo/iris', '1', MAX_REPEATS + HOUR_MS), []);
});

test('other content, or another version of what is wanted, begins anew', () => {
  const guard = new WriteGuard();
  for (let turn = 0; turn < 3 * MAX_REPEATS; turn += 1)
    guard.note('demo/iris', '1', object(`content ${turn}`), turn);
  assert.deepEqual(guard.undone('demo/iris', '1', 0), []);
  for (let turn = 0; turn < MAX_REPEATS; turn += 1) guard.note('demo/iris', '1', object('a'), turn);
  assert.deepEqual(guard.undone('demo/iris', '2', 0), []);
  assert.deepEqual(guard.undone('demo/iris', '1', 0), ['Service/iris']);
  guard.note('demo/iris', '2', object('a'), 0);
  assert.deepEqual(guard.undone('demo/iris', '2', 0), []);
});
