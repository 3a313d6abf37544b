import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairQueue } from './fair-queue.ts';

function filled(items: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.push(item.slice(0, 1), item);
  return queue;
}

function rest(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

test('namespaces take turns, and each keeps its order', () => {
  const queue = filled(['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2']);
  assert.equal(queue.length, 7);
  assert.deepEqual(rest(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  assert.equal(queue.length, 0);
});

test('the longest line gives way to a shorter one, and to none as long as itself', () => {
  const queue = filled(['a1', 'a2', 'a3', 'b1']);
  assert.equal(queue.yieldTo('a'), undefined);
  assert.equal(queue.yieldTo('b'), 'a3');
  assert.equal(queue.yieldTo('b'), undefined);
  assert.equal(queue.yieldTo('c'), 'a2');
  assert.equal(queue.yieldTo('c'), undefined);
  assert.deepEqual(rest(queue), ['a1', 'b1']);
  assert.equal(filled([]).yieldTo('a'), undefined);
});
