import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as options from './options.ts';

const FLAGS = {
  port: options.port(8000),
  level: options.oneOf(['info', 'warn'], 'info'),
  output: options.short('o', options.oneOf(['text', 'json'], 'text')),
  unit: options.texts(),
  watch: options.toggle(),
  namespace: options.required('POD_NAMESPACE', 'NAMESPACE'),
  only: options.commaList(''),
  size: options.whole(1, Number.MAX_SAFE_INTEGER, undefined),
};

function read(line: string, env: options.Environment = { NAMESPACE: 'n' }) {
  const argv = line === '' ? [] : line.split(' ');
  return options.readCommandLine(argv, FLAGS, (values, rest) => ({ ...values, rest }), env);
}

test('what nobody gives has its default, and the environment is used where a flag says so', () => {
  assert.deepEqual(read(''), {
    kind: 'options',
    options: {
      port: 8000,
      level: 'info',
      output: 'text',
      unit: [],
      watch: false,
      namespace: 'n',
      only: [],
      size: undefined,
      rest: [],
    },
  });
});

test('values come after = or as the next word, in any order, and what repeats is kept in order', () => {
  const line = read('a --port=1 -o json --unit x --watch --unit=-y - --only a,,b,a --size 3 b');
  assert.ok(line.kind === 'options');
  const { port, output, unit, watch, only, size, rest } = line.options;
  assert.deepEqual(
    [port, output, unit, watch, only, size],
    [1, 'json', ['x', '-y'], true, ['a', 'b'], 3],
  );
  assert.deepEqual(rest, ['a', '-', 'b']);
});

test('all faults are told at once, each with the name that was written', () => {
  const line = read(
    '--port 0 --prot 1 --level=loud -o svg --watch=yes --size x --level info --unit',
    {},
  );
  assert.deepEqual(line, {
    kind: 'faults',
    faults: [
      "unknown option '--prot'",
      '--watch takes no value',
      '--level is given twice',
      '--unit needs a value',
      '--port 0 is not a whole number from 1 to 65535',
      '--level loud is not one of info, warn',
      '-o svg is not one of text, json',
      '--namespace (or POD_NAMESPACE) is missing',
      '--size x is not a whole number from 1 on',
    ],
  });
  assert.deepEqual(read('--port --watch'), { kind: 'faults', faults: ['--port needs a value'] });
});

test('help goes before everything else', () => {
  assert.deepEqual(read('--port x -h'), { kind: 'help' });
  assert.deepEqual(read('--nonsense --help'), { kind: 'help' });
});

test('names of an object’s own are no flags', () => {
  assert.deepEqual(read('--constructor 1'), {
    kind: 'faults',
    faults: ["unknown option '--constructor'"],
  });
});
