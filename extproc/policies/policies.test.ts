import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHeaders } from '../contract/exchange.ts';
import { openPolicy } from './table.ts';

const HEADERS: RequestHeaders = {
  find: () => null,
  http1Block: () => Buffer.alloc(0),
  hpackBlock: () => Buffer.alloc(0),
  replaceTrace: () => {},
};

test('SIMPLE_ROUTER takes the first child', () => {
  const policy = openPolicy('SIMPLE_ROUTER', { parameters: {}, children: 3 });
  assert.equal(policy.choose(HEADERS, Math.random), 0);
});

test('RANDOM_ABTEST takes the first child below ratioA, else the second', () => {
  const policy = openPolicy('RANDOM_ABTEST', { parameters: { ratioA: 0.3 }, children: 2 });
  assert.deepEqual(
    [0, 0.299, 0.3, 0.999].map((drawn) => policy.choose(HEADERS, () => drawn)),
    [0, 0, 1, 1],
  );
  const never = openPolicy('RANDOM_ABTEST', { parameters: { ratioA: 0 }, children: 2 });
  assert.equal(
    never.choose(HEADERS, () => 0),
    1,
  );
});

test('a policy of a later version chooses no child that is there', () => {
  for (const name of ['LATER', 'constructor'])
    assert.ok(openPolicy(name, { parameters: {}, children: 2 }).choose(HEADERS, () => 0) > 1000);
});
