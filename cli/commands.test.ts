import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SIDECAR } from '../operator/config/defaults.ts';
import { renderSidecar } from '../operator/workloads/sidecar/render-sidecar.ts';
import { COMMANDS, MAIN_USAGE, parseCommand } from './commands.ts';
import { parseCheck } from './commands/check/parse.ts';
import { parseInject } from './commands/inject/parse.ts';
import { parseRun } from './commands/run/parse.ts';
import { parseSidecar } from './commands/sidecar/parse.ts';
import { parseStatus } from './commands/status/parse.ts';
import type { CommandLine } from '../lib/runtime/options.ts';

function optionsOf<T>(line: CommandLine<T>): T {
  assert.equal(line.kind, 'options', JSON.stringify(line));
  return line.options;
}

function run(...argv: string[]) {
  return optionsOf(parseRun(argv));
}

async function wrong(...argv: string[]): Promise<string> {
  const asked = await parseCommand(argv);
  assert.equal(asked.kind, 'wrong', JSON.stringify(asked));
  return asked.faults.join('\n');
}

test('run has defaults for everything but the file', () => {
  const options = run('g.yaml');
  assert.equal(options.file, 'g.yaml');
  assert.equal(options.port, 8000);
  assert.equal(options.grpcPort, 5001);
  assert.equal(options.host, '127.0.0.1');
  assert.equal(options.workers, 1);
  assert.equal(options.adminPort, undefined);
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

test('a command line is told everything that is wrong with it', async () => {
  assert.equal(
    await wrong('run', 'g.yaml', '--port', '0', '--access-log=some'),
    '--port 0 is not a whole number from 1 to 65535\n--access-log some is not one of all, failures, none',
  );
});

test('every command is in the overview and explains each of its flags', async () => {
  for (const [name, { synopsis, summary, usage }] of Object.entries(COMMANDS)) {
    assert.ok(MAIN_USAGE.includes(`  ${synopsis.padEnd(18)}${summary}\n`), name);
    assert.match(await usage(), new RegExp(`^Usage: sidegraph ${name}`));
  }
});

test('each mistake is told in one sentence that names it', async () => {
  assert.match(await wrong('run', 'g.yaml', '--prot', '1'), /unknown option '--prot'/);
  assert.match(await wrong('run'), /needs a file/);
  assert.match(await wrong('run', 'a.yaml', 'b.yaml'), /one file, not also b.yaml/);
  assert.match(
    await wrong('run', 'g.yaml', '--port', '0'),
    /--port 0 is not a whole number from 1/,
  );
  assert.match(await wrong('run', 'g.yaml', '--port', '80x'), /--port 80x/);
  assert.match(await wrong('run', 'g.yaml', '--port'), /--port/);
  assert.match(await wrong('run', 'g.yaml', '--log-level', 'loud'), /debug, info, warn, error/);
  assert.match(await wrong('run', 'g.yaml', '--set', 'mA=1'), /UNIT.NAME=VALUE/);
  assert.match(await wrong('run', 'g.yaml', '--unit', 'm'), /NAME=URL/);
  assert.match(await wrong('run', 'g.yaml', '--otlp', 'c:4318'), /http:\/\/HOST:PORT/);
  assert.match(await wrong('check'), /at least one file/);
  assert.match(await wrong('explain', 'g.yaml', '-o', 'svg'), /tree, mermaid, json/);
  assert.match(await wrong('serve'), /no command serve/);
});

test('help is given for the whole and for each command', async () => {
  assert.deepEqual(await parseCommand([]), { kind: 'help', topic: 'main' });
  assert.deepEqual(await parseCommand(['help', 'run']), { kind: 'help', topic: 'run' });
  assert.deepEqual(await parseCommand(['run', '--help']), { kind: 'help', topic: 'run' });
  assert.deepEqual(await parseCommand(['check', '-h']), { kind: 'help', topic: 'check' });
});

test('check takes standard input as -', () => {
  assert.deepEqual(optionsOf(parseCheck(['-', 'dir', '-o', 'json'])), {
    files: ['-', 'dir'],
    output: 'json',
  });
});

test('the sidecar has the defaults of a pod, and reads what its template passes', async () => {
  const command = optionsOf(parseSidecar([]));
  assert.equal(command.kind, 'serve');
  assert.deepEqual(command.kind === 'serve' && command.options, {
    plan: '/etc/sidegraph/plan/plan.json',
    run: '/run/sidegraph',
    revision: undefined,
    host: '0.0.0.0',
    httpPort: 8000,
    grpcPort: 5001,
    statusHost: undefined,
    statusPort: 15_020,
    livePort: undefined,
    workers: 1,
    concurrency: 1,
    accessLog: 'failures',
    envoyMemoryBytes: undefined,
    drainMs: 10_000,
    logLevel: 'info',
    tls: undefined,
  });
  const { initContainers } = renderSidecar({
    namespace: 'ns',
    deploymentName: 'd',
    predictor: 'p',
    planConfigMap: 'd-p-plan-r1',
    config: { ...DEFAULT_SIDECAR, concurrency: 3, drainSeconds: 4, logLevel: 'debug' },
    annotations: { 'sidegraph.io/access-log': 'none' },
    policy: { deadlineMs: 300_000, restTimeoutMs: null, grpcTimeoutMs: null },
    certificate: { certificate: 'server.pem', key: 'tls.key' },
  });
  const args = initContainers[0]?.['args'];
  assert.ok(Array.isArray(args));
  assert.equal(args[0], 'sidecar');
  const rendered = optionsOf(parseSidecar(args.slice(1).map(String)));
  assert.ok(rendered.kind === 'serve', JSON.stringify(rendered));
  const { concurrency, accessLog, drainMs, revision, logLevel } = rendered.options;
  assert.deepEqual(
    [concurrency, accessLog, drainMs, revision, logLevel],
    [3, 'none', 4000, 'r1', 'debug'],
  );
  const tls = { dir: '/cert', certificate: 'server.pem', key: 'tls.key' };
  assert.deepEqual(rendered.options.tls, tls);
  assert.match(await wrong('run', 'f', '--access-log', 'some'), /not one of all, failures, none/);
  assert.equal(rendered.options.envoyMemoryBytes, 512 * 1024 * 1024);
  assert.deepEqual(optionsOf(parseSidecar(['--drain', '--run=/r'])), { kind: 'drain', run: '/r' });
  assert.match(await wrong('sidecar', 'x'), /takes no x/);
});

test('inject needs files, status takes one name', async () => {
  assert.match(await wrong('inject'), /needs a file/);
  const inject = optionsOf(parseInject(['-f', 'a.yaml', '-f', '-', '--graph', 'g.yaml']));
  assert.deepEqual(inject.files, ['a.yaml', '-']);
  assert.deepEqual(inject.graphs, ['g.yaml']);
  assert.match(await wrong('status', 'a', 'b'), /takes one name/);
  assert.match(await wrong('status', '-A', '-n', 'x'), /neither a name nor -n/);
  const status = optionsOf(parseStatus(['-n', 'demo', 'iris', '-o', 'json']));
  assert.deepEqual([status.namespace, status.name, status.output], ['demo', 'iris', 'json']);
});
