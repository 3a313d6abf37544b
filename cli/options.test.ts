import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from './options.ts';

function run(...argv: string[]) {
  const command = parseCommand(['run', ...argv]);
  assert.equal(command.kind, 'run', JSON.stringify(command));
  return command.options;
}

function wrong(...argv: string[]): string {
  const command = parseCommand(argv);
  assert.equal(command.kind, 'wrong', JSON.stringify(command));
  return command.message;
}

test('run has defaults for everything but the file', () => {
  const options = run('g.yaml');
  assert.equal(options.file, 'g.yaml');
  assert.equal(options.port, 8000);
  assert.equal(options.grpcPort, 5001);
  assert.equal(options.host, '127.0.0.1');
  assert.equal(options.workers, 1);
  assert.equal(options.adminPort, null);
  assert.equal(options.unitTimeoutMs, 120_000);
  assert.equal(options.watch, false);
  assert.equal(options.json, false);
});

test('run reads every option, with = or a space, in any order', () => {
  const where = '--port=18000 --grpc-port 15001 g.yaml --watch -o json --workers 2';
  const units = '--unit m=http://10.0.0.1:9000 --unit m=grpc://10.0.0.1:9500';
  const options = run(...`${where} ${units} --set m.A=1=2 --set m.B=`.split(' '));
  assert.equal(options.port, 18000);
  assert.equal(options.grpcPort, 15001);
  assert.equal(options.watch, true);
  assert.equal(options.json, true);
  assert.deepEqual(options.units.get('m'), { host: '10.0.0.1', httpPort: 9000, grpcPort: 9500 });
  assert.deepEqual(Object.fromEntries(options.set.get('m') ?? []), { A: '1=2', B: '' });
});

test('each mistake is told in one sentence that names it', () => {
  assert.match(wrong('run', 'g.yaml', '--prot', '1'), /unknown option '--prot'/);
  assert.match(wrong('run'), /needs a file/);
  assert.match(wrong('run', 'a.yaml', 'b.yaml'), /one file, not also b.yaml/);
  assert.match(wrong('run', 'g.yaml', '--port', '0'), /--port 0 is not a whole number from 1/);
  assert.match(wrong('run', 'g.yaml', '--port', '80x'), /--port 80x/);
  assert.match(wrong('run', 'g.yaml', '--port'), /--port/);
  assert.match(wrong('run', 'g.yaml', '--log-level', 'loud'), /debug, info, warn, error/);
  assert.match(wrong('run', 'g.yaml', '--set', 'mA=1'), /UNIT.NAME=VALUE/);
  assert.match(wrong('run', 'g.yaml', '--unit', 'm'), /NAME=URL/);
  assert.match(wrong('check'), /at least one file/);
  assert.match(wrong('explain', 'g.yaml', '-o', 'svg'), /tree, mermaid, json/);
  assert.match(wrong('serve'), /no command serve/);
});

test('help is given for the whole and for each command', () => {
  assert.deepEqual(parseCommand([]), { kind: 'help', topic: 'main' });
  assert.deepEqual(parseCommand(['help', 'run']), { kind: 'help', topic: 'run' });
  assert.deepEqual(parseCommand(['run', '--help']), { kind: 'help', topic: 'run' });
  assert.deepEqual(parseCommand(['check', '-h']), { kind: 'help', topic: 'check' });
});

test('check takes standard input as -', () => {
  assert.deepEqual(parseCommand(['check', '-', 'dir', '-o', 'json']), {
    kind: 'check',
    files: ['-', 'dir'],
    output: 'json',
  });
});
