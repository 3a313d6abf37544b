import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestWord } from './closest-word.ts';

test('a word is near by a missing, added, wrong or swapped letter, or by its case', () => {
  const known = ['componentSpecs', 'implementation', 'name'];
  for (const written of ['componentSpec', 'ComponentSpecs', 'component_specs', 'compnoentSpecs'])
    assert.equal(closestWord(written, known), 'componentSpecs', written);
  assert.equal(closestWord('nmae', known), 'name');
});

test('a word that is like none has no neighbour', () => {
  assert.equal(closestWord('graph', ['name', 'traffic']), undefined);
  assert.equal(closestWord('x'.repeat(10_000), ['name']), undefined);
});
