import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReleased, listInUse, renderAcknowledgement } from './acknowledge.ts';

const pod = (name: string) => ({ namespace: 'gateway', name, uid: name });
const old = { namespace: 'demo', name: 'm-old' };
const live = (name: string, resourceVersion: string, inUse: readonly string[] = []) =>
  renderAcknowledgement(pod(name), { resourceVersion, inUse });

test('a Service is released when every gateway has the change and none uses the Service', () => {
  assert.equal(isReleased([live('a', '1000'), live('b', '1001')], '1000', old), true);
  assert.equal(isReleased([live('a', '1000'), live('b', '999')], '1000', old), false);
  assert.equal(isReleased([live('a', '1000', ['demo/m-old'])], '1000', old), false);
  assert.equal(isReleased([live('a', '1000', ['other/m-old'])], '1000', old), true);
});

test('where no gateway runs nothing is waited for', () => {
  assert.equal(isReleased([], '1000', old), true);
});

test('an acknowledgement that cannot be read releases nothing', () => {
  const broken = { ...live('a', '1000'), data: { 'in-use.json': '{' } };
  assert.equal(isReleased([broken], '1000', old), false);
});

test('in use are Services that are routed and those whose clusters are held for requests under way', () => {
  assert.deepEqual(listInUse(['demo/b'], ['demo/a/rest', 'demo/a/grpc', 'demo/b/rest']), [
    'demo/a',
    'demo/b',
  ]);
});
