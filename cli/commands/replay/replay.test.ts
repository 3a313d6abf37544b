import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReplay } from './parse.ts';

test('what follows -- belongs to the run that --against starts', () => {
  const line = ['p1', '--against', 'g.yaml', '--tolerance', '1e-6', '--', '--unit', 'a=http://h:1'];
  assert.deepEqual(parseReplay(line), {
    kind: 'options',
    options: {
      puid: 'p1',
      last: undefined,
      file: undefined,
      against: 'g.yaml',
      runArguments: ['--unit', 'a=http://h:1'],
      tolerance: 1e-6,
      url: 'http://127.0.0.1:9901',
      output: 'text',
    },
  });
  const plain = parseReplay([]);
  assert.ok(plain.kind === 'options');
  assert.deepEqual([plain.options.puid, plain.options.tolerance], [undefined, 0]);
});

test('what cannot be meant is told', () => {
  const faults = (...argv: readonly string[]): readonly string[] => {
    const line = parseReplay(argv);
    return line.kind === 'faults' ? line.faults : [];
  };
  assert.deepEqual(faults('--tolerance', 'x'), ['--tolerance x is not a number from 0 to 1']);
  assert.deepEqual(faults('a', 'b', '--last', '2', '--', '--unit'), [
    'replay takes one id, not also b',
    'replay takes an id or --last, not both',
    'what follows -- is for the run that --against starts',
  ]);
  assert.deepEqual(faults('--last', '0'), ['--last 0 is not a whole number from 1 to 500']);
});
