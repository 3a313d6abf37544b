import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvFile, parseSetFlags } from './environment.ts';

test('an env file holds names and values, comments and quotes', () => {
  const parsed = parseEnvFile('# c\nA=1\n\nexport B="x y"\nC=\'#z\'\nD=a=b\nE=\r\n', 'f.env');
  assert.ok(parsed.kind === 'value');
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
  assert.ok(parsed.kind === 'wrong' && parsed.message.startsWith('f.env:2:'));
});

test('--set speaks to one unit; its value may hold anything', () => {
  const set = parseSetFlags(['m.A=2', 'm.B=x=y.z', 'n.A=']);
  assert.ok(set.kind === 'value');
  assert.deepEqual(Object.fromEntries(set.value.get('m') ?? []), { A: '2', B: 'x=y.z' });
  assert.deepEqual(Object.fromEntries(set.value.get('n') ?? []), { A: '' });
  assert.ok(parseSetFlags(['.A=1']).kind === 'wrong');
  assert.ok(parseSetFlags(['m=1']).kind === 'wrong');
});
