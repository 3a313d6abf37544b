// Runs an example's graph with the CLI of this checkout and waits until it serves. On wish every port is a free one:
// the file is then served from a copy that declares ports for its containers and is otherwise the same.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump, load } from 'js-yaml';
import { freePort, freePorts } from '../e2e/harness/ports.ts';

const EXAMPLES = fileURLToPath(new URL('.', import.meta.url));
const SIDEGRAPH = fileURLToPath(new URL('../bin/sidegraph', import.meta.url));
const READY_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 40_000;

export interface RunOptions {
  /** Ports of the ingress; undefined for free ones, for the units too. */
  readonly ports: { readonly http: number; readonly grpc: number } | undefined;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Changes the text of the file before it is served; with free ports alone. */
  readonly change?: (text: string) => string;
  /** Takes what the CLI and the units print, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningExample {
  /** `http://127.0.0.1:N` */
  readonly url: string;
  /** `127.0.0.1:N` */
  readonly grpcAddress: string;
  /** Of each container that was given free ones. */
  readonly unitPorts: ReadonlyMap<string, UnitPorts>;
  /** Settles when the CLI ends, with its exit code. */
  readonly ended: Promise<number | null>;
  /** Asks the CLI to end, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface UnitPorts {
  readonly http: number;
  readonly metrics: number;
}

/** `file` is a path below examples/, such as `bandit/graph.yaml`. Throws with the CLI's output when it does not come up. */
export async function runExample(file: string, options: RunOptions): Promise<RunningExample> {
  const http = options.ports?.http ?? (await freePort());
  const grpc = options.ports?.grpc ?? (await freePort());
  const copy =
    options.ports === undefined ? await copyWithFreePorts(file, options.change) : undefined;
  const path = copy?.path ?? join(EXAMPLES, file);
  const argv = [
    'run',
    path,
    '--port',
    `${http}`,
    '--grpc-port',
    `${grpc}`,
    ...(options.args ?? []),
  ];
  const child = spawn(SIDEGRAPH, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  // A caller that breaks leaves nothing running behind.
  const takeAlong = (): void => void child.kill();
  process.once('exit', takeAlong);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  }).finally(() => {
    process.removeListener('exit', takeAlong);
    copy?.remove();
  });
  await waitUntilReady(child, ended, options.onOutput ?? (() => {}));
  return {
    url: `http://127.0.0.1:${http}`,
    grpcAddress: `127.0.0.1:${grpc}`,
    unitPorts: copy?.unitPorts ?? new Map(),
    ended,
    stop: () => stop(child, ended),
  };
}

async function waitUntilReady(
  child: ChildProcess,
  ended: Promise<number | null>,
  onOutput: (text: string) => void,
): Promise<void> {
  let output = '';
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-20_000);
        onOutput(text);
        if (/^ready http/m.test(output)) resolve();
      });
    }
  });
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), READY_LIMIT_MS);
  const late = new Promise<'late'>((resolve) => {
    tooLate.signal.addEventListener('abort', () => resolve('late'));
  });
  const first = await Promise.race([ready, ended, late]);
  clearTimeout(timer);
  if (first === undefined) return;
  child.kill('SIGKILL');
  throw new Error(
    `the graph did not come up (${first === 'late' ? 'too slow' : `exit ${first}`}):\n${output}`,
  );
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

interface Container {
  name: string;
  ports?: { name: string; containerPort: number }[];
}

interface Manifest {
  spec: { predictors: Predictor[] };
}

interface Predictor {
  componentSpecs?: { spec: { containers: Container[] } }[];
  graph: GraphUnit;
  explainer?: { modelUri?: string };
}

interface GraphUnit {
  name: string;
  implementation?: string;
  modelUri?: string;
  children?: GraphUnit | GraphUnit[];
}

/** Prepackaged servers get containers, to declare ports for, and the model where it was from the file. */
function completeServers(predictor: Predictor, folder: string): void {
  const visit = (unit: GraphUnit): void => {
    if (unit.modelUri?.startsWith('.') === true) unit.modelUri = join(folder, unit.modelUri);
    if (unit.implementation?.endsWith('_SERVER') === true)
      (predictor.componentSpecs ??= []).push({ spec: { containers: [{ name: unit.name }] } });
    // Old articles have one child that is no list.
    for (const child of [unit.children ?? []].flat()) visit(child);
  };
  visit(predictor.graph);
  const { explainer } = predictor;
  if (explainer?.modelUri?.startsWith('.') === true)
    explainer.modelUri = join(folder, explainer.modelUri);
}

/** The copy lies in a folder beside a link to models/, since commands are relative to the file. */
async function copyWithFreePorts(
  file: string,
  change: RunOptions['change'] = (text) => text,
): Promise<{ path: string; unitPorts: Map<string, UnitPorts>; remove: () => void }> {
  // The examples are ours: their shape is known.
  const manifest = load(change(readFileSync(join(EXAMPLES, file), 'utf8'))) as Manifest;
  const unitPorts = new Map<string, UnitPorts>();
  for (const predictor of manifest.spec.predictors) {
    completeServers(predictor, dirname(join(EXAMPLES, file)));
    for (const container of (predictor.componentSpecs ?? []).flatMap(
      (spec) => spec.spec.containers,
    )) {
      const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
      container.ports = [
        { name: 'http', containerPort: http },
        { name: 'grpc', containerPort: grpc },
        { name: 'metrics', containerPort: metrics },
      ];
      unitPorts.set(container.name, { http, metrics });
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidegraph-example-'));
  symlinkSync(join(EXAMPLES, 'models'), join(folder, 'models'));
  mkdirSync(join(folder, 'graph'));
  const path = join(folder, 'graph', 'graph.yaml');
  writeFileSync(path, dump(manifest));
  return { path, unitPorts, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
