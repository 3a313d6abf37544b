import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitProtocols } from './unit-protocols.ts';

function read(text: string): string {
  const found = parseUnitProtocols(text);
  if (found === undefined) return 'wrong';
  const named = [...found.named].map(([unit, protocol]) => `${unit}=${protocol}`);
  return [found.others ?? '', ...named].join(' ').trim();
}

test('one protocol is for all units, pairs are for those that they name', () => {
  assert.equal(read('v2'), 'v2');
  assert.equal(read(' kfserving '), 'v2');
  assert.equal(read('a=v2, b = tensorflow'), 'a=v2 b=tensorflow');
  assert.equal(read('v2,a=seldon'), 'v2 a=seldon');
});

test('what is neither is wrong', () => {
  for (const text of ['', 'v3', 'a=', '=v2', 'a=v2=v2', 'v2,seldon', 'a=v2,a=v2', 'a:v2']) {
    assert.equal(read(text), 'wrong', text);
  }
});
