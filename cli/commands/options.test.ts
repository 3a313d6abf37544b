import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SIDECAR } from '../../operator/config/defaults.ts';
import { renderSidecar } from '../../operator/workloads/sidecar/render-sidecar.ts';
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

test('the sidecar has the defaults of a pod, and reads what its template passes', () => {
  const command = parseCommand(['sidecar']);
  assert.equal(command.kind, 'sidecar');
  assert.deepEqual(command.kind === 'sidecar' && command.options, {
    plan: '/etc/sidegraph/plan/plan.json',
    run: '/run/sidegraph',
    revision: null,
    host: '0.0.0.0',
    httpPort: 8000,
    grpcPort: 5001,
    statusHost: null,
    statusPort: 15_020,
    workers: 1,
    concurrency: 1,
    accessLog: 'failures',
    envoyMemoryBytes: null,
    drainMs: 10_000,
    logLevel: 'info',
  });
  const { initContainers } = renderSidecar({
    namespace: 'ns',
    deploymentName: 'd',
    predictor: 'p',
    planConfigMap: 'd-p-plan-r1',
    config: { ...DEFAULT_SIDECAR, concurrency: 3, drainSeconds: 4, logLevel: 'debug' },
    annotations: { 'sidegraph.io/access-log': 'none' },
    policy: { deadlineMs: 300_000, restTimeoutMs: null, grpcTimeoutMs: null },
  });
  const args = initContainers[0]?.['args'];
  assert.ok(Array.isArray(args));
  const rendered = parseCommand(args.map(String));
  assert.ok(rendered.kind === 'sidecar', JSON.stringify(rendered));
  const { concurrency, accessLog, drainMs, revision, logLevel } = rendered.options;
  assert.deepEqual(
    [concurrency, accessLog, drainMs, revision, logLevel],
    [3, 'none', 4000, 'r1', 'debug'],
  );
  assert.match(wrong('run', 'f', '--access-log', 'some'), /not one of all, failures, none/);
  assert.equal(rendered.options.envoyMemoryBytes, 512 * 1024 * 1024);
  assert.deepEqual(parseCommand(['sidecar', '--drain', '--run=/r']), { kind: 'drain', run: '/r' });
  assert.match(wrong('sidecar', 'x'), /takes no x/);
});

test('inject needs files, status takes one name', () => {
  assert.match(wrong('inject'), /needs a file/);
  const inject = parseCommand(['inject', '-f', 'a.yaml', '-f', '-', '--graph', 'g.yaml']);
  assert.ok(inject.kind === 'inject');
  assert.deepEqual(inject.options.files, ['a.yaml', '-']);
  assert.deepEqual(inject.options.graphs, ['g.yaml']);
  assert.match(wrong('status', 'a', 'b'), /takes one name/);
  assert.match(wrong('status', '-A', '-n', 'x'), /neither a name nor -n/);
  const status = parseCommand(['status', '-n', 'demo', 'iris', '-o', 'json']);
  assert.ok(status.kind === 'status');
  assert.deepEqual(
    [status.options.namespace, status.options.name, status.options.output],
    ['demo', 'iris', 'json'],
  );
});
