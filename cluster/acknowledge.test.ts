import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHold, listInUse, readAcknowledgement, renderAcknowledgement } from './acknowledge.ts';

const pod = (name: string) => ({ namespace: 'gateway', name, uid: name });

test('a gateway holds a Service back until it has the change and nothing uses the Service', () => {
  const holdOf = (resourceVersion: string, inUse: readonly string[] = []) =>
    findHold({ resourceVersion, inUse }, '1000', ['demo/m-old']);
  assert.equal(holdOf('1000'), undefined);
  assert.equal(holdOf('1001'), undefined);
  assert.equal(holdOf('999'), 'behind');
  assert.equal(holdOf('1000', ['demo/m-old']), 'in-use');
  assert.equal(holdOf('1000', ['other/m-old']), undefined);
  assert.equal(holdOf(''), 'behind');
});

test('an acknowledgement is read as it was written, and one that cannot be read is none', () => {
  const map = renderAcknowledgement(pod('a'), { resourceVersion: '1000', inUse: ['demo/m-old'] });
  assert.deepEqual(readAcknowledgement(map), { resourceVersion: '1000', inUse: ['demo/m-old'] });
  const broken = { ...map, data: { 'in-use.json': '{' } };
  assert.equal(readAcknowledgement(broken), undefined);
});

test('in use are Services that are routed and those whose clusters are held for requests under way', () => {
  assert.deepEqual(listInUse(['demo/b'], ['demo/a/rest', 'demo/a/grpc', 'demo/b/rest']), [
    'demo/a',
    'demo/b',
  ]);
});
