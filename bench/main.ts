// `make bench`: the stub itself, a bare Envoy route, and Sidegraph's graphs, all up at once and measured in turn, so that
// what the machine does meanwhile falls on all of them alike; round after round with fresh processes, since where a process
// happens to lie in memory moves its CPU by a fifth. Prints tables, writes JSON.
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../e2e/harness/ports.ts';
import { locateEnvoy } from '../envoy/process/locate.ts';
import { type BenchGraph, benchGraphs } from './graphs.ts';
import { type Load, measure, type Sample } from './measure.ts';
import { memoryTable } from './memory-table.ts';
import { buildRows, type Cell, renderTables } from './report.ts';
import { Bench, type Target, type Tree } from './target.ts';

const ROOT = path.join(import.meta.dirname, '..');

const HELP = `Measures Sidegraph against a bare Envoy route, in one run.

  node bench/main.ts [--rounds 3] [--seconds 1] [--only chain,bare] [--connections 1,16,64]
                     [--loads …] [--sizes 100,10000,220000] [--transport rest|grpc] [--json FILE] [--envoy-workers 1]
                     [--tree NAME=FOLDER[@WORKERS]]… [--peer NAME=URL]… [--no-memory]

--loads rest/100/16,grpc/100/1 names what to measure (transport/bytes/connections) instead of all combinations.
--envoy-workers N: worker threads of Sidegraph's Envoy and of the bare one.
--no-memory leaves out what the sidecars of a pod hold.
--tree adds the Sidegraph of another checkout, with WORKERS threads in Envoy, or as it starts by itself.
--peer NAME=URL adds an endpoint that is running already (http://host:port/path, or grpc://host:port/path).
`;

interface Options {
  readonly rounds: number;
  readonly durationMs: number;
  readonly only: readonly string[];
  readonly loads: readonly Load[];
  readonly peers: readonly Target[];
  readonly envoyWorkers: number;
  readonly trees: readonly Tree[];
  readonly memory: boolean;
  readonly jsonFile: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      connections: { type: 'string', default: '1,16,64' },
      sizes: { type: 'string', default: '100,10000,220000' },
      transport: { type: 'string', default: '' },
      loads: { type: 'string', default: '' },
      json: { type: 'string' },
      'envoy-workers': { type: 'string', default: '1' },
      tree: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      'no-memory': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const numbers = (text: string): number[] => text.split(',').map(Number);
  const loads: Load[] = [];
  if (values.transport !== 'grpc') {
    for (const bodyBytes of numbers(values.sizes)) {
      for (const connections of numbers(values.connections))
        loads.push({ transport: 'rest', bodyBytes, connections });
    }
  }
  if (values.transport !== 'rest') {
    for (const connections of numbers(values.connections))
      loads.push({ transport: 'grpc', bodyBytes: 100, connections });
  }
  const envoyWorkers = Number(values['envoy-workers']);
  return {
    rounds: Number(values.rounds),
    durationMs: Number(values.seconds) * 1000,
    only: values.only === '' ? [] : values.only.split(','),
    loads: values.loads === '' ? loads : values.loads.split(',').map(parseLoad),
    peers: values.peer.map(parsePeer),
    envoyWorkers,
    trees: [{ name: '', root: ROOT, envoyWorkers }, ...values.tree.map(parseTree)],
    memory: !values['no-memory'],
    jsonFile: values.json,
  };
}

function parseLoad(text: string): Load {
  const [, transport, bytes, connections] = /^(rest|grpc)\/(\d+)\/(\d+)$/.exec(text) ?? [];
  if (transport !== 'rest' && transport !== 'grpc')
    throw new Error(`--loads ${text}: write transport/bytes/connections, as rest/100/16`);
  return { transport, bodyBytes: Number(bytes), connections: Number(connections) };
}

function parseTree(text: string): Tree {
  const [, name = '', root = '', workers] = /^([^=]+)=(.*?)(?:@(\d+))?$/.exec(text) ?? [];
  if (name === '' || root === '') throw new Error(`--tree ${text}: write NAME=FOLDER[@WORKERS]`);
  return { name, root, envoyWorkers: workers === undefined ? undefined : Number(workers) };
}

function parsePeer(text: string): Target {
  const [name = '', address = ''] = text.split(/=(.*)/s);
  const url = new URL(address.replace(/^grpc:/, 'http:'));
  const port = Number(url.port || 80);
  const isGrpc = address.startsWith('grpc:');
  return {
    name,
    title: name,
    payload: 'seldon',
    httpPort: isGrpc ? 0 : port,
    grpcPort: isGrpc ? port : 0,
    path: url.pathname,
    grpcPath: url.pathname,
    envoyPids: [],
    filterPids: [],
    memoryPids: [],
  };
}

/** Starts what is measured. */
async function startTargets(bench: Bench, options: Options): Promise<Target[]> {
  const wanted = (name: string): boolean =>
    options.only.length === 0 || options.only.includes(name);
  const [rest = 0, grpc = 0, grpcRoute = 0] = await freePorts(3);
  const stubs = { rest, grpc, grpcRoute };
  const direct = await bench.startStubs(stubs);
  const targets: Target[] = wanted('direct') ? [direct] : [];
  targets.push(await bench.startBareEnvoy(await findEnvoy(), stubs, options.envoyWorkers));
  for (const tree of options.trees)
    for (const graph of benchGraphs(stubs))
      if (wanted(graph.name)) targets.push(await bench.startGraph(graph, tree));
  return [...targets, ...options.peers];
}

async function findEnvoy(): Promise<string> {
  const envoy = await locateEnvoy({ env: process.env, venvs: [path.join(ROOT, '.venv')] });
  if (envoy.kind === 'missing') throw new Error(envoy.reason);
  return envoy.path;
}

/** While nothing else of ours runs but the stubs. */
async function measureMemory(bench: Bench, options: Options): Promise<string> {
  const [rest = 0, grpc = 0, grpcRoute = 0] = await freePorts(3);
  const stubs = { rest, grpc, grpcRoute };
  await bench.startStubs(stubs);
  // Of another protocol the processes are the same.
  const wanted = ({ name, payload }: BenchGraph): boolean =>
    payload === 'seldon' && (options.only.length === 0 || options.only.includes(name));
  return memoryTable(benchGraphs(stubs).filter(wanted), await findEnvoy());
}

/** Before anything is timed: the filter's code is compiled while it runs, some thousand requests long. */
const WARM_UP_MS = 2000;

async function warmUp(options: Options, targets: readonly Target[]): Promise<void> {
  for (const transport of ['rest', 'grpc'] as const) {
    const load = { transport, bodyBytes: 100, connections: 16 };
    if (!options.loads.some((each) => each.transport === transport)) continue;
    for (const target of targets) {
      if (portOf(target, load) !== 0) await measure(target, load, WARM_UP_MS);
    }
  }
}

function portOf(target: Target, load: Load): number {
  return load.transport === 'grpc' ? target.grpcPort : target.httpPort;
}

/** One sample of each target under each load. */
async function measureRound(options: Options, targets: readonly Target[], round: number) {
  const samples: { target: Target; load: Load; sample: Sample }[] = [];
  for (const load of options.loads) {
    for (const target of targets) {
      if (portOf(target, load) === 0) continue;
      progress(
        `round ${round} of ${options.rounds}: ${load.transport} ${load.bodyBytes} B × ${load.connections} ${target.name}`,
      );
      samples.push({ target, load, sample: await measure(target, load, options.durationMs) });
    }
  }
  return samples;
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text} ` : '');
}

async function main(): Promise<void> {
  const options = readOptions();
  const cells = new Map<string, Cell & { readonly samples: Sample[] }>();
  let bench: Bench | undefined;
  process.on('exit', () => bench?.kill());
  process.on('SIGINT', () => process.exit(130));
  let memory = '';
  if (options.memory) {
    progress('memory of a pod');
    bench = new Bench(mkdtempSync(path.join(os.tmpdir(), 'sgb-')));
    memory = await measureMemory(bench, options);
    await bench.stop();
  }
  for (let round = 1; round <= options.rounds; round++) {
    if (!process.stderr.isTTY) process.stderr.write(`round ${round} of ${options.rounds}\n`);
    progress(
      `round ${round} of ${options.rounds}: starting the stubs, a bare Envoy and the graphs`,
    );
    bench = new Bench(mkdtempSync(path.join(os.tmpdir(), 'sgb-')));
    const targets = await startTargets(bench, options);
    await warmUp(options, targets);
    for (const { target, load, sample } of await measureRound(options, targets, round)) {
      const key = `${target.name} ${JSON.stringify(load)}`;
      const cell = cells.get(key) ?? {
        target: target.name,
        title: target.title,
        load,
        samples: [],
      };
      cell.samples.push(sample);
      cells.set(key, cell);
    }
    await bench.stop();
  }
  const rows = buildRows([...cells.values()]);
  progress('');
  process.stdout.write(
    `${machineText()}\n\n${renderTables(rows)}\n${memory === '' ? '' : `\n${memory}\n`}`,
  );
  for (const row of rows.filter((each) => each.errors > 0)) {
    process.stdout.write(
      `\n${row.title} × ${row.load.connections}: ${row.errors} errors, first: ${row.firstError}\n`,
    );
  }
  if (options.jsonFile !== undefined)
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ machine: machineText(), rows }, null, 1)}\n`,
    );
  process.exit(0);
}

function machineText(): string {
  const cpus = os.cpus();
  return `${new Date().toISOString().slice(0, 10)}, ${cpus.length} cores (${cpus[0]?.model ?? 'unknown'}), load average ${os.loadavg()[0]?.toFixed(1)} at the end, Node ${process.version}`;
}

await main();
