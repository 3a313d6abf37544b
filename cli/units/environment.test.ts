import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOutside, parseEnvFile, parseSetFlags } from './environment.ts';

test('an env file holds names and values, comments and quotes', () => {
  const parsed = parseEnvFile('# c\nA=1\n\nexport B="x y"\nC=\'#z\'\nD=a=b\nE=\r\n', 'f.env');
  assert.ok(parsed.ok);
  assert.deepEqual(Object.fromEntries(parsed.value), {
    A: '1',
    B: 'x y',
    C: '#z',
    D: 'a=b',
    E: '',
  });
});

test('a line that is no assignment is told with its number', () => {
  const parsed = parseEnvFile('A=1\nwhat\n', 'f.env');
  assert.ok(!parsed.ok && parsed.message.startsWith('f.env:2:'));
});

test('--set is stronger than the env file and speaks to one unit', () => {
  const set = parseSetFlags(['m.A=2']);
  assert.ok(set.ok);
  const values = { shared: new Map([['A', '1']]), perUnit: set.value };
  assert.equal(findOutside(values, 'm', 'A'), '2');
  assert.equal(findOutside(values, 'n', 'A'), '1');
  assert.equal(findOutside(values, 'n', 'B'), undefined);
});
