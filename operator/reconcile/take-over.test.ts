// Managed fields of a former operator become ours: what it set and we do not name goes with our next apply.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../lib/kube/object.ts';
import { mergeManagers } from './take-over.ts';

const REF = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'n', name: 'd' };
const WANTED = { ref: REF, uid: 'u', managers: ['manager'] };

function liveOf(managedFields: readonly object[]): KubeObject {
  const { apiVersion, kind } = REF;
  return { apiVersion, kind, metadata: { name: 'd', namespace: 'n', managedFields } };
}

test('fields of several entries are joined with ours, and the number of replicas is left to nobody', () => {
  const controller = { manager: 'kube-controller-manager', subresource: 'status', fieldsV1: {} };
  const merged = mergeManagers(
    liveOf([
      {
        manager: 'manager',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: '2026-01-01T00:00:02Z',
        fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:old': {} } } },
      },
      controller,
      {
        manager: 'sidegraph',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-01-01T00:00:01Z',
        fieldsV1: { 'f:spec': { 'f:template': { 'f:new': {} } } },
      },
    ]),
    WANTED,
  );
  assert.deepEqual(merged, [
    controller,
    {
      manager: 'sidegraph',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      time: '2026-01-01T00:00:02Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:template': { 'f:old': {}, 'f:new': {} } } },
    },
  ]);
});

test('nothing is written where the former operator has left no fields', () => {
  assert.equal(mergeManagers(liveOf([{ manager: 'kubectl', fieldsV1: {} }]), WANTED), undefined);
});
